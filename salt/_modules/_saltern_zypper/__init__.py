"""
What `saltern_zypper` is made of. Plain Python without Salt, for the work is done by a process that outlives the minion
which began it (`__main__`), and so that it can be tried without Salt.

Salt carries folders below `_modules` to its minions and loads nothing whose name begins with an underscore. `_utils` is
not used for that reason: what lies there comes through Salt's loader, which that process does not have.
"""
