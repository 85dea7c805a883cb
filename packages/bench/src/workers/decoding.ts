/**
 * Measures row E once, in a process of its own: prints how long parsing takes, and how long decoding, in ns.
 */
import { instant, Secret } from '@tessera/core'
import { tokenResponse } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { timeOf } from '../timing.js'

/** How long each is measured, in ms, and how long it works beforehand. */
const BUDGET = 100
const WARM_UP = 200

// As Box writes it.
const BODY = JSON.stringify({
  access_token: 'T9cE5asGnuyYCCqIZFoWjFHvNbvVqHjl',
  expires_in: 3_600,
  restricted_to: [],
  refresh_token: 'J7rxTiWOHMoSC1isKZKBZWizoRXjkQzig5C6jFgCVJ9bUnsUfGMinKBDLZWP9BgR',
  token_type: 'bearer',
})

const timeOfWarm = async (work: () => unknown): Promise<number> => {
  await timeOf(work, WARM_UP)
  return timeOf(work, BUDGET)
}

const decode = tokenResponse()
const body = Secret.make('Body', BODY)
const parsing = await timeOfWarm(() => JSON.parse(BODY))
// It parses as well.
const decoding = await timeOfWarm(() => E.isRight(decode(body, instant(0))))
process.stdout.write(`${parsing} ${decoding}`)
