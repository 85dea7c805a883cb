import type { Scenario } from '@tessera/testing'

/** Two processes with a token that is due, and nothing drawn of what is around them. */
export const CALM: Partial<Scenario> = {
  processes: 2,
  start: 'due',
  renewal: 'background',
  wakes: false,
  storeClock: null,
}
