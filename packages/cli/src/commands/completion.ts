/**
 * Completion: the script of a shell, and what it asks.
 */
import { readFile } from 'node:fs/promises'
import { fileStore } from '@tessera/store-file'
import type { Command as Commander } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { pathsIn } from '../folders.js'
import type { Command, Invocation } from '../invocation.js'
import { type Candidate, type Offer, offer } from '../offer.js'
import { printable } from '../printable.js'
import { readPlace } from '../profile.js'
import { profileNames } from '../profileNames.js'
import { nameOf, SHORT } from '../sessionName.js'
import { parseStore } from '../storePlace.js'

export interface CompletionOptions {
  readonly shell: string
}

/** Prints the script of a shell, which asks `tessera complete` at each tab. It is beside the folder of this program. */
export const completion: Command<CompletionOptions> =
  ({ output }, { shell }) =>
  async () => {
    const script = await readFile(new URL(`../completions/tessera.${shell}`, import.meta.url), 'utf8')
    output.result(script.trimEnd(), { shell, script })
    return E.right(undefined)
  }

// -----------------------------------------------------------------------------
// complete
// -----------------------------------------------------------------------------

/** Says that the shell is to offer files. No word begins with a colon. */
const FILES = ':files'

/** What no shell takes for anything else than a word. */
const WORD = /^[\w@%+=:,./-]+$/

/** The sessions of a folder; those of a Redis are not asked for, nor is a folder made. */
const sessions = (invocation: Invocation, given: Offer['given'], typed: string): Task<ReadonlyArray<Candidate>> => {
  const { profile, config, store } = given
  const place = pipe(
    O.fromNullable(store),
    O.chain((text) => O.fromEither(parseStore(text, process.cwd()))),
    O.toUndefined,
  )
  const shared = {
    ...(profile !== undefined && { profile }),
    ...(config !== undefined && { config }),
    ...(place !== undefined && { store: place }),
  }
  return pipe(
    // Nothing but candidates is said where a person is typing.
    readPlace({ ...invocation, shared, output: { ...invocation.output, say: () => undefined } }, 'complete'),
    TE.flatMap((at) =>
      at._tag === 'Folder'
        ? TE.fromTask(fileStore({ folder: pathsIn(at.folder).sessions }).list)
        : TE.right(E.right([])),
    ),
    TE.map(
      E.match(
        () => [],
        (files) =>
          files.flatMap(({ key }) => {
            if (E.isLeft(key)) return []
            const { id, shown } = nameOf(key.right)
            const isById = !WORD.test(shown) || (typed !== '' && /^[0-9a-f]+$/.test(typed))
            return [
              isById ? { value: id.slice(0, SHORT), description: printable(shown) } : { value: shown, description: '' },
            ]
          }),
      ),
    ),
    TE.getOrElse(() => T.of<ReadonlyArray<Candidate>>([])),
  )
}

const candidates = (invocation: Invocation, { next, given, typed }: Offer): Task<ReadonlyArray<Candidate>> => {
  switch (next._tag) {
    case 'Words':
      return T.of(next.words)
    case 'Files':
      return T.of([])
    case 'Profiles':
      return pipe(
        profileNames(invocation.variables),
        T.map((names) => names.map((value) => ({ value, description: '' }))),
      )
    case 'Sessions':
      return sessions(invocation, given, typed)
  }
}

export interface CompleteOptions {
  readonly root: Commander
  readonly words: ReadonlyArray<string>
}

/** Says what may come next, to the script of a shell: lines of a word, a tab and its description, or `:files`. */
export const complete: Command<CompleteOptions> = (invocation, { root, words }) => {
  const offered = offer(root, words)
  const { next, prefix, typed } = offered
  return pipe(
    candidates(invocation, offered),
    T.map((all) => {
      const lines =
        next._tag === 'Files'
          ? [FILES]
          : all
              .filter(({ value }) => value.startsWith(typed))
              .map(({ value, description }) => `${prefix}${value}\t${description}`)
      invocation.output.result(lines.length === 0 ? undefined : lines.join('\n'), lines)
      return E.right(undefined)
    }),
  )
}
