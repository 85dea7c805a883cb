import { instant, Secret } from '@tessera/core'
import { tokenResponse } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { FLOOR, OURS } from '../Case.js'
import { atMost, measureAll, ratioResults } from '../compare.js'
import type { Row } from '../Row.js'
import { timeOf } from '../timing.js'

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

export const e: Row = {
  name: 'E',
  title: 'A token response, decoded',
  work: 'what a strict decoder takes beyond the parser: checks, secrets, absolute times',
  floor: '`JSON.parse` of the same body',
  goal: '≤ 0.75',
  seconds: 4,
  quickSeconds: 1,
  run: async (context) => {
    const decode = tokenResponse()
    const body = Secret.make('Body', BODY)
    const parsing = () => timeOf(() => JSON.parse(BODY), BUDGET)
    const decoding = () => timeOf(() => E.isRight(decode(body, instant(0))), BUDGET)
    const measured = await measureAll(
      context,
      [
        { name: FLOOR, role: 'floor', open: async () => ({ measure: async () => ({ value: await parsing() }) }) },
        {
          name: OURS,
          role: 'ours',
          // The decoder parses as well.
          open: async () => ({
            measure: async () => {
              const parsed = await parsing()
              return { value: (await decoding()) - parsed }
            },
          }),
        },
      ],
      { rounds: context.isQuick ? 7 : 61, warmUp: 3 },
    )
    return ratioResults('E', measured, () => atMost(0.75), context.random)
  },
}
