# A blog on Debian's own units, as its owner would have made it: mariadb, php8.2-fpm and
# nginx on port 80, and a guard that is not there yet.
mariadb -e "CREATE DATABASE blog; CREATE USER blog@localhost IDENTIFIED BY 'secret'; GRANT ALL ON blog.* TO blog@localhost"
cat >/etc/wordpress/config-localhost.php <<'PHP'
<?php
define('DB_NAME', 'blog');
define('DB_USER', 'blog');
define('DB_PASSWORD', 'secret');
define('DB_HOST', 'localhost');
define('WP_CONTENT_DIR', '/var/lib/wordpress/wp-content');
PHP
chgrp www-data /etc/wordpress/config-localhost.php
chmod 640 /etc/wordpress/config-localhost.php
cat >/etc/nginx/sites-available/default <<'NGINX'
server {
	listen 80;
	root /usr/share/wordpress;
	index index.php;
	location / { try_files $uri $uri/ /index.php?$args; }
	location /wp-content { alias /var/lib/wordpress/wp-content; }
	location ~ \.php$ {
		include fastcgi.conf;
		fastcgi_pass unix:/run/php/php8.2-fpm.sock;
	}
}
NGINX
sed -i 's|^;ping.path = .*|ping.path = /ping|' /etc/php/8.2/fpm/pool.d/www.conf
systemctl reload nginx
systemctl restart php8.2-fpm
curl -sf -o /dev/null 'http://localhost/wp-admin/install.php?step=2' --data-urlencode weblog_title=Blog -d user_name=admin \
	-d admin_password=secret -d admin_password2=secret -d pw_weak=on -d admin_email=admin@example.org -d blog_public=0
curl -sf http://localhost/ | grep -q Blog
