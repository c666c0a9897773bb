// Package guard is the loop: prove, fold, plan, do, prove again, tell.
package guard
