import { type ClockEnv, earliest, type Limits, plus, Secret, seconds } from '@tessera/core'
import { type Challenge, challenge, type HttpEnv } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { flow } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { ReaderTask } from 'fp-ts/lib/ReaderTask.js'

const PATIENCE = seconds(10)
const MOST_BYTES = 65_536

// What begins no session at a server that asks for no token.
const PING = Secret.make('Body', JSON.stringify({ jsonrpc: '2.0', id: 'probe', method: 'ping' }))

/**
 * Asks an MCP server, without a token, what it asks for. None where it says nothing, or gives no answer: its metadata may be there all the
 * same.
 */
export const probe =
  (url: string, { deadline, signal }: Required<Limits>): ReaderTask<HttpEnv & ClockEnv, O.Option<Challenge>> =>
  ({ http, clock }) =>
  async () => {
    const answer = await http.send({
      method: 'POST',
      url,
      headers: [
        ['accept', 'application/json, text/event-stream'],
        ['accept-encoding', 'identity'],
        ['content-type', 'application/json'],
      ],
      body: O.some(PING),
      deadline: earliest(deadline, plus(clock.now(), PATIENCE)),
      signal,
      maxBytes: MOST_BYTES,
    })()
    return E.isRight(answer) && answer.right.status === 401
      ? flow(answer.right.header, O.flatMap(challenge))('www-authenticate')
      : O.none
  }
