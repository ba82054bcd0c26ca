# Exactly the channels of the call's pillar `saltern` as this minion's repositories. See docs/service-packs.md.
{% set given = salt['pillar.get']('saltern', {}) %}
{% set headers = (given.get('channels') or []) | selectattr('headers', 'defined') | list %}
include:
  - saltern.modules

{% if headers %}
saltern_urlresolver:
  file.managed:
    - name: /usr/lib/zypp/plugins/urlresolver/saltern
    - source: salt://saltern/urlresolver
    - mode: '0755'
    - makedirs: True
    - require_in:
      - saltern_zypper: saltern_channels
{% endif %}

saltern_channels:
  saltern_zypper.channels:
    - pillar_key: saltern
    - require:
      - saltutil: saltern_states
