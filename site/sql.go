package site

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/go-sql-driver/mysql"
)

// connect opens the site's database server as user.
func (b *build) connect(user, password, database string) (*sql.DB, error) {
	c := mysql.NewConfig()
	c.Net, c.Addr, c.User, c.Passwd, c.DBName = "unix", b.SQLSocket(), user, password, database
	c.Timeout, c.ReadTimeout, c.WriteTimeout = 10*time.Second, patience, patience
	c.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, fmt.Errorf("connect to database: %w", err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	return db, nil
}

const createDatabase = "CREATE DATABASE IF NOT EXISTS wordpress CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"

// installed reports whether files/install.php has come to its end.
func installed(ctx context.Context, db *sql.DB) (done bool, err error) {
	var tables, marks int
	err = db.QueryRowContext(ctx, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'wordpress' AND table_name = 'wp_options'").Scan(&tables)
	if err == nil && tables > 0 {
		err = db.QueryRowContext(ctx, "SELECT COUNT(*) FROM wordpress.wp_options WHERE option_name = 'omamori_installed'").Scan(&marks)
	}
	if err != nil {
		return false, fmt.Errorf("look whether WordPress is installed: %w", err)
	}
	return marks > 0, nil
}

// grant sees to it that WordPress's user can log in.
func (b *build) grant(ctx context.Context) error {
	own, err := b.connect("wordpress", b.DBPassword, "wordpress")
	if err != nil {
		return err
	}
	defer own.Close()
	if own.PingContext(ctx) == nil {
		return nil
	}
	root, err := b.connect("root", "", "")
	if err != nil {
		return err
	}
	defer root.Close()
	// The password is of letters and digits alone.
	for _, q := range []string{
		createDatabase,
		"CREATE USER IF NOT EXISTS wordpress@localhost IDENTIFIED BY '" + b.DBPassword + "'",
		"ALTER USER wordpress@localhost IDENTIFIED BY '" + b.DBPassword + "'",
		"GRANT ALL ON wordpress.* TO wordpress@localhost",
	} {
		if _, err := root.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("make WordPress's database user: %w", err)
		}
	}
	return own.PingContext(ctx)
}
