"""
The parts of the Saltern returner. Salt's loader leaves names that begin with an underscore alone; saltern.py beside
this folder loads it once per process, however often Salt loads saltern.py, so that what a process keeps (its
connection, its spool) is kept once.
"""
