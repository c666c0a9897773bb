<?php
// Sees to what must be so in an installed WordPress, and changes what is not. On
// standard input: what omamori site up knows, as JSON; on standard output: the post.
$in = json_decode( stream_get_contents( STDIN ), true, 8, JSON_THROW_ON_ERROR );
$_SERVER['HTTP_HOST']       = $in['host'];
$_SERVER['REQUEST_METHOD']  = 'GET';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
define( 'DISABLE_WP_CRON', true ); // visitors set it going
require ABSPATH . 'wp-load.php';

function omamori_fail( $what ) {
	fwrite( STDERR, $what );
	exit( 1 );
}

$user = get_user_by( 'login', $in['user'] ) ?: omamori_fail( 'the user ' . $in['user'] . ' is gone' );
$rules = get_option( 'rewrite_rules' );
if ( ! is_array( $rules ) || ! $rules ) {
	flush_rewrite_rules( false );
}

// The application password of omamori is the one in the secrets.
$good = false;
foreach ( WP_Application_Passwords::get_user_application_passwords( $user->ID ) as $item ) {
	if ( 'omamori' !== $item['name'] ) {
		continue;
	}
	if ( wp_check_password( $in['application_password'], $item['password'], $user->ID ) ) {
		$good = true;
	} else {
		WP_Application_Passwords::delete_application_password( $user->ID, $item['uuid'] );
	}
}
if ( ! $good ) {
	$ours = function () use ( $in ) { return $in['application_password']; };
	add_filter( 'random_password', $ours );
	$made = WP_Application_Passwords::create_new_application_password( $user->ID, array( 'name' => 'omamori' ) );
	remove_filter( 'random_password', $ours );
	if ( is_wp_error( $made ) ) {
		omamori_fail( $made->get_error_message() );
	}
}

$out = array( 'post' => '' );
if ( $in['sample'] ) {
	$found = get_posts( array( 'meta_key' => '_omamori_sample', 'post_status' => 'any', 'numberposts' => 1 ) );
	if ( $found ) {
		$id = $found[0]->ID;
	} else {
		$s  = $in['article'];
		$id = wp_insert_post( wp_slash( array(
			'post_title'     => $s['title'],
			'post_name'      => $s['slug'],
			'post_content'   => $s['content'],
			'post_date'      => $s['date'],
			'post_status'    => 'publish',
			'post_author'    => $user->ID,
			'comment_status' => 'open',
			'ping_status'    => 'open',
			// With the post, so that no post is without it.
			'meta_input'     => array( '_omamori_sample' => 1 ),
		) ), true );
		if ( is_wp_error( $id ) ) {
			omamori_fail( $id->get_error_message() );
		}
	}
	$out['post'] = 'publish' === get_post_status( $id ) ? get_permalink( $id ) : '';
}
echo "\n", wp_json_encode( $out );
