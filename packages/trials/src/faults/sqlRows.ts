/** What the rows of databases have in common. */
import { type Duration, seconds } from '@tessera/core'
import { type Database, type Processes, processes } from '../servers/index.js'
import type { Fault, Program } from './Fault.js'
import type { Defer } from './scoped.js'
import { type MakeStore, makeStore } from './sqlClients.js'
import { EXPECTED, injected, type OpenedStore, type Target, whileRenewing } from './whileRenewing.js'

/** What a test may break. */
export interface Parts {
  readonly store: MakeStore
  readonly patience: number
}

/**
 * How long a renewal may take: as a source has it by default. Its lease lasts 5 s longer, and must outlive that the database is away: a
 * refresh token that was redeemed by a process that cannot save the new one is redeemed again when the lease is over.
 */
export const RENEWAL: Duration = seconds(15)

export const live: Parts = { store: makeStore, patience: 60_000 }

/** Where a server is started, and what ends with it. */
export interface Lane {
  readonly all: Processes
  readonly defer: Defer
}

/** What befalls a server that has the table. */
export interface Kind {
  readonly injection: string
  readonly needs?: Program
  readonly count?: number
  /** The server, and by which port it is reached where that is not its own. */
  readonly start: (lane: Lane) => Promise<Omit<Target, 'opens'> & { readonly server: Database; readonly port?: number }>
}

/** The parameters of {@link serverRows}. */
export interface Servers {
  readonly program: Program
  /** So many have their faults at the same time. */
  readonly lanes: number
  /** How long a row takes at full scale, about, in s. */
  readonly seconds: number
  /** The names of the drivers, and how two processes open theirs. */
  readonly drivers: string
  readonly clients: (
    server: Database,
    port: number,
    make: MakeStore,
  ) => readonly [() => Promise<OpenedStore>, () => Promise<OpenedStore>]
  readonly kinds: Readonly<Record<string, Kind>>
}

/** The rows of one program, with a store that a test may have broken. */
export const serverRows =
  ({ program, lanes, seconds: takes, drivers, clients, kinds }: Servers) =>
  ({ store, patience }: Parts): ReadonlyArray<Fault> =>
    Object.entries(kinds).map(([name, { injection, needs = program, count = 50, start }]) => ({
      name,
      injection: injected(injection, drivers),
      expected: EXPECTED,
      count,
      seconds: takes,
      needs,
      run: whileRenewing({
        name,
        lanes,
        patience,
        renewal: RENEWAL,
        start: async (defer) => {
          const all = processes(program)
          defer(all.stop)
          const { server, port = server.port, inject, heal } = await start({ all, defer })
          return { inject, heal, opens: clients(server, port, store) }
        },
      }),
    }))
