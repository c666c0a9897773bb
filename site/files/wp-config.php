<?php
// Written by omamori site up, which writes it anew whenever it differs.
define('DB_NAME', 'wordpress');
define('DB_USER', 'wordpress');
define('DB_PASSWORD', '{{.DBPassword}}');
define('DB_HOST', 'localhost:{{.SQLSocket}}');
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
{{range .Salts}}define('{{.Name}}', '{{.Value}}');
{{end}}
define('WP_HOME', '{{.Base}}');
define('WP_SITEURL', '{{.Base}}');
// What counts as local may use application passwords without TLS.
define('WP_ENVIRONMENT_TYPE', '{{.Environment}}');
define('WP_CONTENT_DIR', '{{.Web}}/wp-content');
// The programs come from Debian, and so do their updates.
define('WP_AUTO_UPDATE_CORE', false);
define('AUTOMATIC_UPDATER_DISABLED', true);
define('DISALLOW_FILE_EDIT', true);
define('DISALLOW_FILE_MODS', true);
define('FS_METHOD', 'direct');

$table_prefix = 'wp_';

require_once ABSPATH . 'wp-settings.php';
