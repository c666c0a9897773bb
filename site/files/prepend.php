<?php
// Written by omamori site up. WordPress's own files are Debian's, by symbolic links:
// without this they would look for the configuration beside where they really are.
define( 'ABSPATH', '{{.Web}}/' );
