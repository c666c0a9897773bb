<?php
/*
Plugin Name: omamori
Description: Share buttons, the trackback URL, and e-mail addresses that stay unseen.
*/
// Written by omamori site up, which writes it anew whenever it differs.

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

// The picture's address holds the MD5 of the e-mail address: no pictures.
add_filter( 'pre_option_show_avatars', '__return_zero' );
// Who comments gives a name and an e-mail address.
add_filter( 'pre_option_require_name_email', function () { return '1'; } );

// A program on this very machine may use an application password without TLS: nobody else
// hears it. Behind a proxy nobody can tell where it came from.
add_filter( 'wp_is_application_passwords_available', function ( $may ) {
	foreach ( array( 'HTTP_X_FORWARDED_FOR', 'HTTP_FORWARDED', 'HTTP_X_REAL_IP', 'HTTP_VIA' ) as $name ) {
		if ( ! empty( $_SERVER[ $name ] ) ) {
			return $may;
		}
	}
	return $may || ! empty( $_SERVER['REMOTE_ADDR'] ) && ( $_SERVER['SERVER_ADDR'] ?? '' ) === $_SERVER['REMOTE_ADDR'];
} );

// A browser without the newest emoji would fetch them as pictures from elsewhere.
remove_action( 'wp_head', 'print_emoji_detection_script', 7 );
remove_action( 'wp_print_styles', 'print_emoji_styles' );
add_filter( 'emoji_svg_url', '__return_false' );
// Nor does publishing tell a directory of blogs.
add_filter( 'pre_option_ping_sites', '__return_empty_string' );

// Debian's package brings the updates: asking elsewhere would only take time.
foreach ( array( 'update_core', 'update_plugins', 'update_themes' ) as $omamori_what ) {
	add_filter( 'pre_site_transient_' . $omamori_what, function () {
		return (object) array(
			'last_checked'    => time(),
			'version_checked' => get_bloginfo( 'version' ),
			'updates'         => array(),
			'response'        => array(),
			'translations'    => array(),
			'no_update'       => array(),
			'checked'         => array(),
		);
	} );
}

// Plain links: whoever shares tells the others, and nobody else is told.
function omamori_share() {
	$url   = rawurlencode( get_permalink() );
	$title = rawurlencode( html_entity_decode( get_the_title(), ENT_QUOTES, 'UTF-8' ) );
	$links = array(
		'X'                   => "https://x.com/intent/post?url=$url&text=$title",
		'Facebook'            => "https://www.facebook.com/sharer/sharer.php?u=$url",
		'LINE'                => "https://social-plugins.line.me/lineit/share?url=$url",
		'{{.Words.Hatena}}' => "https://b.hatena.ne.jp/entry/panel/?url=$url&title=$title",
	);
	$html = '';
	foreach ( $links as $name => $href ) {
		$html .= sprintf(
			' <a href="%s" rel="nofollow noopener" target="_blank" style="display:inline-block;margin:.2em .3em .2em 0;padding:.2em .8em;border:1px solid;border-radius:.3em;font-size:.85em;text-decoration:none">%s</a>',
			esc_url( $href ), esc_html( $name )
		);
	}
	return '<div class="omamori-share" role="group" aria-label="{{.Words.Share}}">' . $html . '</div>';
}

add_filter( 'the_content', function ( $content ) {
	if ( ! is_singular( 'post' ) || get_the_ID() !== get_queried_object_id() || doing_filter( 'get_the_excerpt' ) ) {
		return $content;
	}
	$html = omamori_share() . $content . omamori_share();
	if ( pings_open() ) {
		$html .= sprintf(
			'<p class="omamori-trackback" style="font-size:.85em">{{.Words.Trackback}} <code>%s</code></p>',
			esc_html( get_trackback_url() )
		);
	}
	return $html;
}, 20 );
