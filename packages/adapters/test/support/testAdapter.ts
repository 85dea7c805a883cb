/** What every adapter does, whatever its host. */
import { inspect } from 'node:util'
import { openRig, type Renewal, type Rig } from './rig.js'

/** A host that is in use. */
export interface Host {
  /** Uses the token once; rejects where the other side does not take it. */
  readonly use: () => Promise<unknown>
  readonly close?: () => unknown
}

/** What a host does otherwise than most. */
export interface Quirks {
  /** Default: the host says that its token was refused, so that it is renewed within the use that met the refusal. */
  readonly tellsRefusals?: boolean
  /** How many uses are begun at once when the token has ended. Default: 1000. */
  readonly uses?: number
  /** How the session is renewed. Default: by its refresh token. */
  readonly renewal?: Renewal
}

/** How deep a logger looks. Below, agents of Node.js keep the requests of their sockets. */
const DEPTH = 4

const leaksOf = (error: unknown, { secrets }: Rig): ReadonlyArray<string> => {
  const shown = [String(error), inspect(error, { depth: DEPTH }), JSON.stringify(error) ?? '']
  return secrets().filter((secret) => shown.some((text) => text.includes(secret)))
}

/**
 * Tests an adapter with its real host: one request for a token however many uses meet its end, a token that is refused is renewed once,
 * and no error shows a secret.
 */
export const testAdapter = (
  name: string,
  open: (rig: Rig) => Host | Promise<Host>,
  { tellsRefusals = true, uses = 1_000, renewal }: Quirks = {},
): void => {
  const withHost = async (test: (host: Host, rig: Rig) => Promise<void>): Promise<void> => {
    const rig = await openRig(renewal)
    try {
      const host = await open(rig)
      try {
        await test(host, rig)
      } finally {
        await host.close?.()
      }
    } finally {
      await rig.close()
    }
  }
  const many = (host: Host, count: number): Promise<ReadonlyArray<PromiseSettledResult<unknown>>> =>
    Promise.allSettled(Array.from({ length: count }, host.use))
  /** How often each failure was met. */
  const failures = (results: ReadonlyArray<PromiseSettledResult<unknown>>): Readonly<Record<string, number>> => {
    const counts: Record<string, number> = {}
    for (const result of results) {
      if (result.status === 'rejected') counts[String(result.reason)] = (counts[String(result.reason)] ?? 0) + 1
    }
    return counts
  }

  describe(name, () => {
    test(`${uses} uses when the token has ended: one request, no failure`, () =>
      withHost(async (host, rig) => {
        await host.use()
        expect(rig.requests()).toBe(0)
        rig.expire()
        expect(failures(await many(host, uses))).toEqual({})
        expect(rig.requests()).toBe(1)
        rig.expire()
        await host.use()
        expect(rig.requests()).toBe(2)
      }))

    test(tellsRefusals ? 'a refused token is renewed, once' : 'a refused token is refused until it has ended', () =>
      withHost(async (host, rig) => {
        await host.use()
        rig.end()
        const failed = Object.values(failures(await many(host, 20))).reduce((sum, count) => sum + count, 0)
        expect({ failed, requests: rig.requests() }).toEqual(
          tellsRefusals ? { failed: 0, requests: 1 } : { failed: 20, requests: 0 },
        )
        if (tellsRefusals) return
        rig.expire()
        await host.use()
        expect(rig.requests()).toBe(1)
      }),
    )

    test('no error shows a secret', () =>
      withHost(async (host, rig) => {
        await host.use()
        // What a token may not do is the host's own error; then the session is over.
        rig.forbid()
        const forbidden: unknown = await host.use().then(
          () => undefined,
          (error: unknown) => error,
        )
        rig.server.revokeAll()
        rig.expire()
        const over: unknown = await host.use().then(
          () => 'it did not fail',
          (error: unknown) => error,
        )
        expect(over).toBeInstanceOf(Error)
        expect([leaksOf(forbidden, rig), leaksOf(over, rig)]).toEqual([[], []])
      }))
  })
}
