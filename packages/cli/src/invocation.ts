/**
 * What every command is given.
 */
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Interruption } from './interruption.js'
import type { Output } from './output.js'
import type { Problem } from './report.js'
import { type StorePlace, showStore } from './storePlace.js'

/** The options that every command takes. */
export interface SharedOptions {
  readonly profile?: string
  readonly config?: string
  readonly baseUrl?: string
  readonly as?: string
  readonly store?: StorePlace
  readonly timeout?: number
  readonly json?: boolean
  readonly quiet?: boolean
}

/** How long a command waits at most, unless it is told. */
export const SECONDS = 30

/** One run of the command. */
export interface Invocation {
  readonly shared: SharedOptions
  readonly output: Output
  readonly variables: Readonly<Record<string, string | undefined>>
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  readonly passSignalsTo: Interruption['passTo']
  /** Ends with another exit code than 0 although nothing went wrong here. */
  readonly exitWith: (code: number) => void
  /** How this program is called: `tessera`, as a rule. */
  readonly self: string
  /** Both standard input and standard error are a terminal: questions may be asked. */
  readonly interactive: boolean
}

/** A command: it writes its own result. */
export type Command<Options> = (invocation: Invocation, options: Options) => TaskEither<Problem, void>

/** A word of a command line, as a shell reads it. */
export const word = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

/** A command line that takes the same profile, server and store as this one; without a password, which was in a URL. */
export const commandLine = ({ self, shared }: Pick<Invocation, 'self' | 'shared'>, command: string): string =>
  [
    self,
    command,
    ...(shared.config === undefined ? [] : ['--config', word(shared.config)]),
    ...(shared.profile === undefined ? [] : ['--profile', word(shared.profile)]),
    ...(shared.baseUrl === undefined ? [] : ['--base-url', word(shared.baseUrl)]),
    ...(shared.store === undefined ? [] : ['--store', word(showStore(shared.store))]),
    // A login is its own session, whatever is said.
    ...(shared.as === undefined || command === 'login' ? [] : ['--as', word(shared.as)]),
  ].join(' ')
