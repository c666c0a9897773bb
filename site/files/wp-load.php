<?php
// Written by omamori site up: see prepend.php.
defined( 'ABSPATH' ) || define( 'ABSPATH', '{{.Web}}/' );
require '{{.WordPress}}/wp-load.php';
