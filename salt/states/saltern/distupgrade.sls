# A service-pack migration, or its dry run, as the call's pillar `saltern` says. See docs/service-packs.md.
include:
  - saltern.channels

saltern_supportconfig:
  file.managed:
    - name: /usr/lib/supportconfig/plugins/saltern
    - source: salt://saltern/supportconfig
    - mode: '0755'
    - onlyif: test -d /usr/lib/supportconfig/plugins

saltern_distupgrade:
  saltern_zypper.dist_upgraded:
    - pillar_key: saltern
    - require:
      - saltern_zypper: saltern_channels
