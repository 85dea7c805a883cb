/**
 * The sessions of a store, of whatever profile.
 */
import { basename } from 'node:path'
import { confirm, isCancel } from '@clack/prompts'
import { AuthError, type Inspection, inspectionJson, type Key } from '@tessera/core'
import { isClientKey } from '@tessera/mcp'
import { systemClock } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Ord from 'fp-ts/lib/Ord.js'
import * as RA from 'fp-ts/lib/ReadonlyArray.js'
import * as S from 'fp-ts/lib/string.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { ExitCode } from '../exitCode.js'
import { inspectionRows, row, validity } from '../inspection.js'
import { type Command, commandLine, type Invocation } from '../invocation.js'
import { meant, near } from '../near.js'
import { look } from '../onlooker.js'
import { printable } from '../printable.js'
import { readPlace, readProfile, situationOf } from '../profile.js'
import { keyOf } from '../provider.js'
import { type Problem, problem, toProblem } from '../report.js'
import { isNamedBy, nameOf, type SessionName, SHORT } from '../sessionName.js'
import { type Listed, openSessions, type Removal, type SessionStore } from '../sessionStore.js'

/** A session of the store, or a file that does not tell whose it is. */
interface Entry extends SessionName {
  readonly key: O.Option<Key>
  readonly file: O.Option<string>
  readonly of: E.Either<AuthError, Inspection>
}

/** What a command here works with. */
interface Opened {
  readonly sessions: SessionStore
  readonly problem: (error: AuthError) => Problem
  readonly entry: (listed: Listed) => T.Task<Entry>
}

// -----------------------------------------------------------------------------
// entries
// -----------------------------------------------------------------------------

const entryOf =
  (invocation: Invocation, { store }: SessionStore): Opened['entry'] =>
  ({ key, file }) => {
    if (E.isLeft(key)) {
      const id = pipe(
        file,
        O.match(
          () => '',
          (path) => basename(path, '.json'),
        ),
      )
      return T.of({ id, shown: '', parts: O.none, key: O.none, file, of: key })
    }
    return pipe(
      look(invocation, store, key.right),
      T.map((of) => ({ ...nameOf(key.right), key: O.some(key.right), file, of })),
    )
  }

/** How many are read at a time. */
const AT_ONCE = 50

const entries = ({ sessions, entry }: Opened): TE.TaskEither<AuthError, ReadonlyArray<Entry>> =>
  pipe(
    sessions.list,
    TE.map(RA.filter(({ key }) => E.isLeft(key) || !isClientKey(key.right))),
    TE.flatMapTask((all) =>
      pipe(
        RA.chunksOf(AT_ONCE)(all),
        T.traverseSeqArray(T.traverseArray(entry)),
        T.map(RA.flatten),
        T.map(RA.sortBy([Ord.contramap((of: Entry) => of.shown)(S.Ord), Ord.contramap((of: Entry) => of.id)(S.Ord)])),
      ),
    ),
  )

const reason = (error: AuthError): string => (error._tag === 'StoreFailed' ? error.reason : AuthError.show.show(error))

const entryJson = ({ id, key, parts, file, of }: Entry) => ({
  id,
  key: O.toNullable(key),
  ...pipe(
    parts,
    O.getOrElseW(() => ({ server: null, client: null, principal: null, profile: null })),
  ),
  file: O.toNullable(file),
  ...(E.isRight(of)
    ? { ...inspectionJson(of.right), error: null }
    : {
        state: 'unreadable',
        expires_at: null,
        renews_at: null,
        refresh_token: null,
        epoch: null,
        generation: null,
        scope: null,
        waiting_until: null,
        error: reason(of.left),
      }),
})

// -----------------------------------------------------------------------------
// the store
// -----------------------------------------------------------------------------

const withStore = (
  invocation: Invocation,
  command: string,
  use: (opened: Opened) => TE.TaskEither<Problem, void>,
): TE.TaskEither<Problem, void> =>
  pipe(
    readPlace(invocation, command),
    TE.bindTo('place'),
    TE.bind('sessions', ({ place }) => {
      const opening = openSessions(invocation, place, commandLine(invocation, command))
      return () => invocation.output.during('waiting for the store', opening())
    }),
    TE.flatMap(({ place, sessions }) => async () => {
      const result = await use({
        sessions,
        problem: toProblem(situationOf(invocation, command, '', place)),
        entry: entryOf(invocation, sessions),
      })()
      await sessions.close()
      return result
    }),
  )

const named = (invocation: Invocation, opened: Opened, text: string): TE.TaskEither<Problem, Entry> =>
  pipe(
    () => invocation.output.during('reading the store', entries(opened)()),
    TE.mapLeft(opened.problem),
    TE.flatMap((all) => {
      const [found, another] = all.filter(isNamedBy(text))
      const next = commandLine(invocation, 'store list')
      if (found === undefined) {
        const names = all.flatMap(({ id, shown }) => [shown, id.slice(0, SHORT)]).filter((name) => name !== '')
        return pipe(
          TE.fromTask(near(text, names)),
          TE.flatMap((nearest) =>
            TE.left({
              ...problem(ExitCode.usage, 'the store has no session of this name', next),
              likely: meant(nearest),
            }),
          ),
        )
      }
      return another === undefined
        ? TE.right(found)
        : TE.left(problem(ExitCode.usage, 'the store has several sessions of this name: take the id', next))
    }),
  )

// -----------------------------------------------------------------------------
// list
// -----------------------------------------------------------------------------

/** Lists all sessions. What cannot be read is listed as such, and kept. */
export const storeList: Command<Record<string, never>> = (invocation) =>
  withStore(invocation, 'store list', (opened) =>
    pipe(
      () => invocation.output.during('reading the store', entries(opened)()),
      TE.bimap(opened.problem, (all) => {
        const { output, shared } = invocation
        const { kind, place } = opened.sessions
        if (shared.json !== true) {
          output.say(row(output.colors)('store', kind, place))
          if (all.length === 0) output.say('no sessions')
        }
        const width = Math.max(...all.map(({ shown }) => printable(shown).length))
        const now = systemClock.now()
        const lines = all.map(({ id, shown, of }) => {
          const [state, rest] = E.isRight(of)
            ? [of.right.state, `epoch ${of.right.epoch}, generation ${of.right.generation}; ${validity(of.right, now)}`]
            : ['unreadable', reason(of.left)]
          const first = `${output.reportColors.bold(id.slice(0, SHORT))}  ${state.padEnd(12)}`
          return `${first}  ${printable(shown).padEnd(width)}  ${printable(rest)}`.trimEnd()
        })
        output.result(lines.length === 0 ? undefined : lines.join('\n'), {
          store: kind,
          place,
          sessions: all.map(entryJson),
        })
      }),
    ),
  )

// -----------------------------------------------------------------------------
// inspect
// -----------------------------------------------------------------------------

/** The session of the profile that the options name. */
const own = (invocation: Invocation, { sessions, entry }: Opened): TE.TaskEither<Problem, Entry> =>
  pipe(
    readProfile(invocation, 'store inspect'),
    TE.map(({ provider, principal, owner }) => keyOf(provider, principal, owner)),
    TE.bindTo('key'),
    TE.bind('file', ({ key }) => TE.fromTask(sessions.file(key))),
    TE.flatMapTask(
      ({ key, file }) =>
        () =>
          invocation.output.during('reading the store', entry({ key: E.right(key), file })()),
    ),
  )

export interface StoreInspectOptions {
  readonly key?: string
}

/** Shows one session: that of the profile, or another. */
export const storeInspect: Command<StoreInspectOptions> = (invocation, { key }) =>
  withStore(invocation, 'store inspect', (opened) =>
    pipe(
      key === undefined ? own(invocation, opened) : named(invocation, opened, key),
      TE.flatMapEither((entry) => {
        const { output } = invocation
        const { kind, place } = opened.sessions
        if (E.isLeft(entry.of)) return E.left(opened.problem(entry.of.left))
        const line = row(output.reportColors)
        const text = [
          line('name', printable(entry.shown)),
          line('id', entry.id),
          line('store', kind, O.getOrElse(() => place)(entry.file)),
          ...inspectionRows(output.reportColors, entry.of.right, systemClock.now()),
        ]
        output.result(text.join('\n'), { store: kind, place, ...entryJson(entry) })
        return E.right(undefined)
      }),
    ),
  )

// -----------------------------------------------------------------------------
// delete
// -----------------------------------------------------------------------------

export interface StoreDeleteOptions {
  readonly key: string
  readonly yes: boolean
}

const ENDS = 'a deletion ends the session for all who share the store'
const ALIVE = 'its tokens stay alive at the server'

const confirmed = (invocation: Invocation, shown: string): TE.TaskEither<Problem, void> => {
  const { interactive, self, output } = invocation
  const revoke = `to end it at the server too, instead: ${self} revoke`
  if (!interactive) {
    const what = `${ENDS}, and nobody is here to confirm it`
    return TE.left(problem(ExitCode.usage, what, `add --yes, although ${ALIVE}; ${revoke}`))
  }
  return async () => {
    output.tell(`${ENDS}; ${ALIVE}\n${revoke}`)
    const answer = await confirm({
      message: `Delete ${shown}?`,
      initialValue: false,
      output: process.stderr,
      signal: invocation.signal,
    })
    return isCancel(answer) || !answer
      ? E.left(problem(ExitCode.interrupted, 'nothing was deleted', commandLine(invocation, 'store list')))
      : E.right(undefined)
  }
}

/** What of it processes may still do that remember it. */
const remembered = ({ store }: SessionStore, removal: Removal): string => {
  if (removal === 'tombstone') return '; a tombstone stays, so that no running process brings it back'
  return store.mayLoseWrites === true
    ? '; it could not be read here, so a running process that can read it may bring it back: delete it there, with its key'
    : ''
}

const deleted = (
  { output }: Invocation,
  { sessions }: Opened,
  { id, key, shown, of }: Entry,
  removal: Removal,
): void => {
  const isOver = E.isRight(of) && (of.right.state === 'revoked' || of.right.state === 'empty')
  output.result(undefined, { id, key: O.toNullable(key), deleted: true, tombstone: removal === 'tombstone' })
  const alive = isOver ? '' : `; ${ALIVE}, as long as they are valid`
  output.say(`deleted ${printable(shown)}${alive}${remembered(sessions, removal)}`)
}

/** Deletes one session, readable or not, without a word to the server. */
export const storeDelete: Command<StoreDeleteOptions> = (invocation, { key: text, yes }) =>
  withStore(invocation, 'store delete', (opened) =>
    pipe(
      named(invocation, opened, text),
      TE.bindTo('entry'),
      TE.bind('key', ({ entry }) =>
        TE.fromOption(() =>
          problem(
            ExitCode.store,
            'the file does not tell whose session it holds',
            `rm '${pipe(
              entry.file,
              O.getOrElse(() => ''),
            ).replaceAll("'", "'\\''")}', which deletes it`,
          ),
        )(entry.key),
      ),
      TE.tap(({ entry }) => (yes ? TE.right(undefined) : confirmed(invocation, printable(entry.shown)))),
      TE.bind('removal', ({ key }) => pipe(opened.sessions.end(key), TE.mapLeft(opened.problem))),
      TE.map(({ entry, removal }) => deleted(invocation, opened, entry, removal)),
    ),
  )
