import type { Fault } from '../Fault.js'
import { kills, type Parts, RECOVERED } from './kill.js'

/** For how many requests a nonce is good: less than a session has between two kills. */
const NONCE_USES = 10

export const dpopWith = (parts: Parts): Fault =>
  kills(
    {
      name: 'dpop',
      expected: `${RECOVERED}; every process proves to have the one key, which the first has made, and a nonce that it does not know costs a request and no token`,
      count: 100,
      seconds: 90,
    },
    `grace until the new token is used; tokens and refresh tokens are bound to a key (RFC 9449), with another nonce after ${NONCE_USES} requests`,
    'grace-until-use',
    { nonceUses: NONCE_USES, ...parts },
  )

export const dpop = dpopWith({})
