/**
 * A source that comes back from an outage without a stampede: measured, not built. It shows that the goals can be reached, and by what.
 */
import { type Fleet, HOUR, MINUTE, type Policy, type Remaining } from './Fleet.js'
import { failureOf } from './production.js'

/** A part of what is left of the token, so that what was put off does not come together again. */
const part = ({ now, expiresAt }: Remaining, draw: () => number): number =>
  Math.max(0, expiresAt - now) * (0.1 + 0.6 * draw())

export const spreading: Policy = {
  // As in production, but bounded by half the lifetime instead of a fifth.
  jitter:
    ({ early }, draw) =>
    ({ issuedAt, expiresAt }) =>
      Math.min(early, (expiresAt - issuedAt) / 2) * (0.5 + draw() / 2),
  wait: (outage, seen, draw) => Math.max(failureOf(outage).wait, part(seen, draw)),
  heedsCoolDown: true,
  storeWait: part,
  flushesPending: true,
}

/** With it, tokens are renewed early enough to outlast the outages. */
export const patient = (fleet: Fleet): Fleet => ({
  ...fleet,
  early: Math.min(30 * MINUTE, HOUR / 2),
  policy: spreading,
})
