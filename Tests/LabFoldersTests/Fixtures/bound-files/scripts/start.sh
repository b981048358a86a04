test -e /srv/site/index.html && echo started >/run/started
