// Package probe sends the stimuli that make hosts show who answers for a
// virtual IP, who holds it and who announces it, and undoes what harm that did.
package probe
