<?php
// Written by omamori site up. WordPress's own files are Debian's, by symbolic links:
// without this they would look for the configuration beside where they really are.
// wp-cron.php takes a known place for a loaded WordPress; it is a copy, and asks
// wp-load.php.
if ( '/wp-cron.php' !== ( $_SERVER['SCRIPT_NAME'] ?? '' ) ) {
	define( 'ABSPATH', '{{.Web}}/' );
}
