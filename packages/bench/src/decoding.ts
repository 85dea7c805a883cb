/**
 * The measuring of row E, in a thread of its own: the engine's code for a decoder is slower, and that of the parser is not, in a
 * process that has run the other rows.
 */
import { parentPort } from 'node:worker_threads'
import { instant, Secret } from '@tessera/core'
import { tokenResponse } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { timeOf } from './timing.js'

/** How long each case is measured a round, in ms. */
const BUDGET = 15

// As Box writes it.
const BODY = JSON.stringify({
  access_token: 'T9cE5asGnuyYCCqIZFoWjFHvNbvVqHjl',
  expires_in: 3_600,
  restricted_to: [],
  refresh_token: 'J7rxTiWOHMoSC1isKZKBZWizoRXjkQzig5C6jFgCVJ9bUnsUfGMinKBDLZWP9BgR',
  token_type: 'bearer',
})

const decode = tokenResponse()
const body = Secret.make('Body', BODY)
const parsing = () => timeOf(() => JSON.parse(BODY), BUDGET)
const decoding = () => timeOf(() => E.isRight(decode(body, instant(0))), BUDGET)

parentPort?.on('message', async (what: unknown) => {
  const parsed = await parsing()
  parentPort?.postMessage(what === 'parsing' ? parsed : (await decoding()) - parsed)
})
