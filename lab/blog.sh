# A blog on Debian's own units, as its owner would have made it: mariadb, php8.2-fpm and
# nginx with a certificate, an account to log in to, and a guard that is not there yet.
# Data and homes are on small file systems of their own, so that they can be full.
systemctl stop mariadb.socket mariadb
mv /var/lib/mysql /var/lib/mysql.was
mkdir /var/lib/mysql
mount -t tmpfs -o size=600m,mode=755,uid=mysql,gid=mysql data /var/lib/mysql
cp -a /var/lib/mysql.was/. /var/lib/mysql
mount -t tmpfs -o size=4m home /home
# With its socket, systemd would start it for the next visitor, whatever has ended it.
systemctl disable --quiet mariadb.socket
systemctl start mariadb
mariadb -e "CREATE DATABASE blog; CREATE USER blog@localhost IDENTIFIED BY 'secret'; GRANT ALL ON blog.* TO blog@localhost"
cat >/etc/wordpress/config-blog.example.org.php <<'PHP'
<?php
define('DB_NAME', 'blog');
define('DB_USER', 'blog');
define('DB_PASSWORD', 'secret');
define('DB_HOST', 'localhost');
define('WP_CONTENT_DIR', '/var/lib/wordpress/wp-content');
PHP
chgrp www-data /etc/wordpress/config-blog.example.org.php
chmod 640 /etc/wordpress/config-blog.example.org.php
echo 127.0.0.1 blog.example.org >>/etc/hosts
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -subj /CN=blog.example.org \
	-addext subjectAltName=DNS:blog.example.org -keyout /etc/nginx/blog.key -out /etc/nginx/blog.crt 2>/dev/null
cp /etc/nginx/blog.crt /usr/local/share/ca-certificates
update-ca-certificates >/dev/null 2>&1
cat >/etc/nginx/sites-available/default <<'NGINX'
server {
	listen 80;
	listen 443 ssl;
	server_name blog.example.org;
	ssl_certificate blog.crt;
	ssl_certificate_key blog.key;
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
curl -sf -o /dev/null 'https://blog.example.org/wp-admin/install.php?step=2' --data-urlencode weblog_title=Blog -d user_name=admin \
	-d admin_password=secret -d admin_password2=secret -d pw_weak=on -d admin_email=admin@example.org -d blog_public=0
curl -sf https://blog.example.org/ | grep -q Blog
# Plain addresses: a post's own does not change with the day.
mariadb blog -e "UPDATE wp_options SET option_value='' WHERE option_name='permalink_structure'"
useradd --create-home --shell /bin/sh owner
cat >/usr/share/wordpress/post.php <<'PHP'
<?php
define('SHORTINIT', true);
require 'wp-load.php';
echo $wpdb->get_var("SELECT post_content FROM wp_posts WHERE ID = 1");
PHP
curl -sf https://blog.example.org/post.php | grep -q 'Welcome to WordPress'
