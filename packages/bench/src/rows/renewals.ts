/**
 * Rows D: a token over the wire.
 */
import type { NodeEnv } from '@tessera/node'
import { pipe } from 'fp-ts/lib/function.js'
import { apart } from '../apart.js'
import { FLOOR, OURS } from '../Case.js'
import type { Contender } from '../Contender.js'
import {
  againstBestPeer,
  atLeast,
  atMost,
  measureAll,
  named,
  pairedResult,
  ratioResults,
  valuesOf,
  withTimeOfFloor,
} from '../compare.js'
import { CLIENT_CREDENTIALS, rawClient } from '../floor.js'
import { undiciClient } from '../limit.js'
import { granting, renewing } from '../ours.js'
import { peersThat } from '../peers/index.js'
import type { Ask } from '../peers/Peer.js'
import type { Context, Result } from '../Row.js'
import type { Endpoints, TokenServerOptions } from '../server/TokenServer.js'
import { withServer } from '../withServer.js'

export const THROUGH_SOURCE = `${OURS}, through a source`
const UNDICI = 'undici and `JSON.parse`'

/** Tells what else a source does. */
export const explained = (results: ReadonlyArray<Result>): ReadonlyArray<Result> =>
  results.map((result) =>
    result.case === THROUGH_SOURCE
      ? { ...result, note: 'also takes the lease, commits to a store, and serves all callers, which no peer does' }
      : result,
  )

/** How a renewal is written and read with nothing between. */
export const floorAsk = async ({ tokenEndpoint }: Endpoints): Promise<Ask> =>
  (await rawClient(tokenEndpoint, CLIENT_CREDENTIALS)).post

const undiciAsk = async ({ tokenEndpoint }: Endpoints): Promise<Ask> => undiciClient(tokenEndpoint, CLIENT_CREDENTIALS)

/** Everybody who can renew. */
export const contenders = (env: NodeEnv): ReadonlyArray<Contender<Endpoints>> => [
  { name: FLOOR, role: 'floor', open: floorAsk, single: true },
  { name: UNDICI, role: 'limit', open: undiciAsk },
  { name: OURS, role: 'ours', open: (session) => granting(session, env) },
  { name: THROUGH_SOURCE, role: 'ours', open: renewing, single: true },
  ...peersThat('renewing').map(({ peer, open }) => ({ name: peer.name, role: 'peer' as const, open })),
]

/** The parameters of {@link renewals}. */
export interface Renewals extends TokenServerOptions {
  readonly row: string
  /** How many are under way at a time. */
  readonly width: number
  /** How many a round. */
  readonly count: number
  readonly rounds: number
  /** The most times the floor, for a strategy. */
  readonly limit?: number
  /** The most times undici, for a strategy and for a source. */
  readonly timesUndici?: { readonly strategy: number; readonly source: number }
  readonly timesBestPeer?: number
}

export const renewals = (
  { row, width, count, rounds, limit, timesUndici, timesBestPeer = 1, ...server }: Renewals,
  context: Context,
): Promise<ReadonlyArray<Result>> =>
  withServer(async ({ session }, env) => {
    const cases = contenders(env).map(({ name, role }) => {
      const { base, tokenEndpoint } = session()
      const entry = { contest: 'renewing', name, at: { base, tokenEndpoint }, width } as const
      return apart(role, entry, { count, warmUp: 4_000 }, context)
    })
    const measured = await measureAll(context, cases, { rounds })
    const goal = (name: string) => (name === OURS && limit !== undefined ? atMost(limit) : null)
    const results = ratioResults(row, measured, goal, context.random)
    const toUndici = (name: string, most: number) => {
      const values = [valuesOf(named(measured, name)), valuesOf(named(measured, UNDICI))] as const
      return pairedResult(row, `${name} / undici`, values, atMost(most, 'x'), context)
    }
    return [
      ...pipe(results, explained, withTimeOfFloor(measured, count)),
      ...(timesUndici === undefined
        ? []
        : [toUndici(OURS, timesUndici.strategy), toUndici(THROUGH_SOURCE, timesUndici.source)]),
      ...againstBestPeer(row, named(measured, OURS), measured, atLeast(timesBestPeer, 'x'), context),
    ]
  }, server)
