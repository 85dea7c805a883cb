import { minutes, Secret } from '@tessera/core'
import { openSql } from '@tessera/store-sql'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { load } from '../../sqlSessions.js'
import { parseStore } from '../../storePlace.js'
import { withFleet } from '../fleet.js'
import { check, counted, type Scene } from '../Scene.js'
import type { World } from '../World.js'

const PROCESSES = 3

/** Whether there is a driver for SQLite here. */
const opens = async (url: string): Promise<boolean> => {
  const place = parseStore(url, '/')
  if (E.isLeft(place) || place.right._tag !== 'Database') return false
  const opened = await pipe(
    openSql(place.right.database, { load }),
    TE.flatMapTask(({ close }) => close),
  )()
  return E.isRight(opened)
}

/** The one that is named, or else a file of the tour's own. */
const urlOf = async ({ database, folder }: World): Promise<string | undefined> => {
  if (O.isSome(database)) return Secret.open(database.value)
  const url = `sqlite:${folder}/sessions.db`
  return (await opens(url)) ? url : undefined
}

export const sharedDatabase: Scene<World> = {
  title: 'processes, one database',
  play: async (world) => {
    const url = await urlOf(world)
    if (url === undefined) {
      return { text: 'not shown: this Node.js has no SQLite (22.13 has), and --store names no database', checks: [] }
    }
    return withFleet(world, url, PROCESSES, async ({ members, travel, written }) => {
      await travel(minutes(61))
      const before = world.requests()
      const tokens = new Set(await Promise.all(members.map(({ get }) => get())))
      const asked = world.requests() - before
      return {
        text: `the token had expired: ${PROCESSES} processes asked at once, ${counted(asked, 'token request')}, no lock held`,
        checks: [
          check('token requests', 1, asked),
          check('tokens', 1, tokens.size),
          check('what they wrote', '', written()),
        ],
      }
    })
  },
}
