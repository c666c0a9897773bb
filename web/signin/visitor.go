// Package signin says who looks at the page, and what he may do.
package signin

import "context"

// Visitor is who asks for a page. The zero Visitor may do nothing.
type Visitor struct {
	// Name is what stands in the journal.
	Name string
	// Read and Act are separate rights.
	Read, Act bool
	// CSRF is to be in every form that acts.
	CSRF string
}

type key struct{}

// From is the visitor of a request's context.
func From(ctx context.Context) Visitor {
	v, _ := ctx.Value(key{}).(Visitor)
	return v
}

// With is ctx with a visitor.
func With(ctx context.Context, v Visitor) context.Context { return context.WithValue(ctx, key{}, v) }
