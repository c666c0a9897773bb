<?php
// Installs WordPress. On standard input: what omamori site up knows, as JSON.
$in = json_decode( stream_get_contents( STDIN ), true, 8, JSON_THROW_ON_ERROR );
$_SERVER['HTTP_HOST']       = $in['host'];
$_SERVER['REQUEST_METHOD']  = 'GET';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
define( 'DISABLE_WP_CRON', true ); // visitors set it going
define( 'WP_INSTALLING', true );
require ABSPATH . 'wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
if ( 'ja' === $in['lang'] && load_default_textdomain( 'ja' ) ) {
	$GLOBALS['wp_locale'] = new WP_Locale();
}
// Nobody waits for a letter about it.
function wp_new_blog_notification() {}
// WordPress would try permalinks by asking itself, and take others where it is slow.
$permalinks = '/%year%/%monthnum%/%day%/%postname%/';
$ours       = function () use ( $permalinks ) { return $permalinks; };
add_filter( 'pre_option_permalink_structure', $ours );
wp_install( $in['title'], $in['user'], $in['email'], true, '', $in['password'], 'ja' === $in['lang'] ? 'ja' : '' );
if ( $in['sample'] ) {
	wp_delete_post( 1, true );
	wp_delete_post( 2, true );
}
remove_filter( 'pre_option_permalink_structure', $ours );
delete_option( 'rewrite_rules' ); // those of no permalinks; setup.php makes them
$set = array(
	'permalink_structure'           => $permalinks,
	'timezone_string'               => 'ja' === $in['lang'] ? 'Asia/Tokyo' : '',
	'show_avatars'                  => 0,
	'require_name_email'            => 1,
	'comment_previously_approved'   => 0,
	'comment_moderation'            => 0,
	'default_comment_status'        => 'open',
	'default_ping_status'           => 'open',
	'comment_registration'          => 0,
	'close_comments_for_old_posts'  => 0,
	'users_can_register'            => 0,
	// Letters about comments have the e-mail address of who wrote them in it.
	'comments_notify'               => 0,
	'moderation_notify'             => 0,
	'default_pingback_flag'         => 0,
	'show_comments_cookies_opt_in'  => 0,
);
foreach ( $set as $name => $value ) {
	update_option( $name, $value );
}
// Written last: without it, somebody was interrupted.
update_option( 'omamori_installed', 1 );
