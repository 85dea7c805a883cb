/**
 * What a redeemed refresh token is still good for: the one rule in which authorization servers differ most.
 */
import { type Refusal, refusal } from './Answer.js'
import { fail, ok, type Result } from './Result.js'
import { issueAccess, issueRefresh, killSession, sessionAlive } from './Tokens.js'
import type { Pair, RefreshToken, World } from './World.js'

/**
 * What would happen to a refresh token now?
 * - `fresh`: it is exchanged for new tokens
 * - `repeat`: the pair that it was exchanged for is answered once more
 * - `reuse`: it was spent, and its grace is over
 * - `dead`: it expired, or its session was revoked
 */
export type Standing = { readonly tag: 'fresh' | 'reuse' | 'dead' } | { readonly tag: 'repeat'; readonly pair: Pair }

const inGrace = (world: World, pair: Pair, since: number): boolean => {
  const rotation = world.rotation
  if (typeof rotation === 'object') return world.clock.now() - since < rotation.graceFor
  // A client that redeems the new refresh token has received it just as surely as one that uses the new access token.
  return rotation === 'grace-until-use' && !pair.access.used && pair.refresh?.successor == null
}

export const standing = (world: World, token: RefreshToken): Standing => {
  if (!sessionAlive(token.session) || world.clock.now() >= token.expiresAt) return { tag: 'dead' }
  if (token.successor === null) return { tag: 'fresh' }
  const { pair, at } = token.successor
  return inGrace(world, pair, at) ? { tag: 'repeat', pair } : { tag: 'reuse' }
}

/** Redeems a refresh token for a pair whose access token has `scope`. */
export const redeem = (world: World, token: RefreshToken, scope: ReadonlyArray<string>): Result<Refusal, Pair> => {
  const journal = world.journal
  const now = standing(world, token)
  token.attempts += 1
  switch (now.tag) {
    case 'dead':
      return fail(refusal('invalid_grant', 'Refresh token has expired'))
    case 'reuse':
      journal.reuseRefused += 1
      if (world.rotation === 'strict') {
        journal.familiesKilled += 1
        killSession(world, token.session)
      }
      return fail(refusal('invalid_grant', 'Invalid refresh token'))
    case 'repeat':
      journal.repeated += 1
      token.honoured += 1
      return ok(now.pair)
    case 'fresh': {
      journal.redeemed += 1
      token.honoured += 1
      const access = issueAccess(world, token.session, { scope })
      if (world.rotation === 'none') return ok({ access, refresh: null })
      const pair: Pair = { access, refresh: issueRefresh(world, token.session, token.generation + 1) }
      token.successor = { pair, at: world.clock.now() }
      return ok(pair)
    }
  }
}
