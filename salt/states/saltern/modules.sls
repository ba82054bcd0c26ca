# Brings Saltern's modules and states of the master to the minion, so that nobody needs to run saltutil.sync_all before:
# a state.apply of a named state does not do so by itself. What is there already and has not changed is not fetched.
saltern_modules:
  saltutil.sync_modules:
    - reload_modules: True

saltern_states:
  saltutil.sync_states:
    - reload_modules: True
    - require:
      - saltutil: saltern_modules
