import { instant, millis, type Secret } from '@tessera/core'
import { type ModelServer, modelServer, type Rotation } from '@tessera/testing'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { GRACE, type Mode, type State } from '../src/State.js'
import * as Server from '../src/server.js'

/** The same server twice: as `@tessera/testing` has it, and as states. */
const servers: ReadonlyArray<readonly [Mode, Rotation]> = [
  ['strict, kills the family', { _tag: 'Strict', killsFamily: true }],
  ['strict', { _tag: 'Strict', killsFamily: false }],
  ['grace until used', { _tag: 'GraceUntilUsed' }],
  ['grace for a time', { _tag: 'GraceFor', grace: millis(GRACE) }],
  ['no rotation', { _tag: 'NoRotation' }],
]

type Call = readonly ['log in' | 'redeem' | 'use' | 'revoke' | 'tick', of: number]

const calls: fc.Arbitrary<ReadonlyArray<Call>> = fc.array(
  fc.tuple(fc.constantFrom('log in', 'redeem', 'redeem', 'redeem', 'use', 'revoke', 'tick', 'tick'), fc.nat(5)),
  { maxLength: 30 },
)

const nothing: Pick<State, 'pairs' | 'families'> = { pairs: [], families: [] }

test.each(servers)('%s: the states answer as the modelled server does', (mode, rotation) => {
  fc.assert(
    fc.property(calls, (given) => {
      let now = 0
      const server: ModelServer = modelServer({ mode: rotation, clock: { now: () => instant(now) } })
      let state = nothing as State
      // The tokens that anybody got, in both worlds: a pair here, and a pair there.
      const got: Array<readonly [access: Secret, refresh: Secret, pair: number]> = []
      const take = (token: ReturnType<ModelServer['login']>, refresh: Secret | undefined, pair: number): void => {
        const next = O.isSome(token.refreshToken) ? token.refreshToken.value : refresh
        if (next !== undefined) got.push([token.accessToken, next, pair])
      }
      for (const [call, of] of given) {
        const [access, refresh, pair = -1] = got[of % Math.max(1, got.length)] ?? []
        if (call === 'log in') {
          const [next, begun] = Server.begin(state, false)
          state = next
          take(server.login(), undefined, begun)
        } else if (call === 'tick') {
          now++
          state = Server.age(state, mode)
        } else if (access === undefined || refresh === undefined) continue
        else if (call === 'redeem') {
          const answer = server.redeem(refresh)()
          const [next, brought] = Server.redeem(state, pair, mode)
          state = next
          expect(brought >= 0).toBe(E.isRight(answer))
          if (E.isRight(answer)) take(answer.right, refresh, brought)
        } else if (call === 'use') {
          if (server.use(access)()) state = Server.use(state, pair, mode)
        } else {
          server.revoke(refresh)()
          state = Server.revoke(state, pair, mode)
        }
        for (const [, token, name] of got) {
          const there = state.pairs[name]
          expect(there !== undefined && Server.isAlive(state, there)).toBe(server.isAlive(token)())
        }
      }
    }),
    { numRuns: 300 },
  )
})
