/**
 * Texts in the system's keyring: the Keychain, the Credential Manager, on Linux the Secret Service (GNOME, KDE, KeePassXC).
 */
import { AuthError } from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { after } from './timer.js'

/** What is used of an entry of `@napi-rs/keyring`. */
interface Entry {
  readonly getPassword: () => Promise<string | null>
  readonly setPassword: (text: string) => Promise<void>
}

interface Module {
  readonly AsyncEntry: new (service: string, account: string, options: object) => Entry
}

/** What is kept under one name. */
export interface KeyringEntry {
  readonly read: TE.TaskEither<AuthError, O.Option<string>>
  readonly write: (text: string) => TE.TaskEither<AuthError, void>
}

const PACKAGE = '@napi-rs/keyring'

const SERVICE = 'tessera'

/** In ms: a locked keyring asks whoever sits there. */
const PATIENCE = 60_000

const mended = (why: string, by: string): AuthError => AuthError.misconfigured('keyring', `${why}. Mend it by: ${by}`)

/** With the keyring's own words, which have nothing of what is in it. */
const failed = (why: string, by: string) => (error: unknown) =>
  mended(`${why} (${error instanceof Error ? error.message : String(error)})`, by)

/** The package is optional: by a variable, which a bundler does not follow. */
const load = (name: string): Promise<Module> => import(/* webpackIgnore: true */ /* @vite-ignore */ name)

const open = (account: string): TE.TaskEither<AuthError, Entry> =>
  pipe(
    TE.tryCatch(
      () => load(PACKAGE),
      () => mended(`takes ${PACKAGE}, which is not installed here`, `npm install ${PACKAGE}`),
    ),
    TE.flatMap(({ AsyncEntry }) =>
      TE.tryCatch(
        // On Linux never the kernel's own, which forgets at a reboot what sessions are sealed with.
        async () => new AsyncEntry(SERVICE, account, { linux: { store: 'secret-service' } }),
        failed('is not there', 'run it in a login session that has a keyring'),
      ),
    ),
  )

/** The answer, or an error where there is none for long. */
const answered = async <A>(answer: Promise<A>): Promise<A> => {
  let stop = (): void => undefined
  const late = new Promise<never>((_, reject) => {
    stop = after(PATIENCE, () => reject(new Error(`no answer in ${PATIENCE / 1_000} s`)), 'unref')
  })
  return Promise.race([answer, late]).finally(stop)
}

/** The entry of that name. */
export const keyringEntry = (account: string): KeyringEntry => {
  const using = <A>(what: string, use: (entry: Entry) => Promise<A>): TE.TaskEither<AuthError, A> =>
    pipe(
      open(account),
      TE.flatMap((entry) =>
        TE.tryCatch(() => answered(use(entry)), failed(`cannot be ${what}: it is locked, or refuses`, 'unlock it')),
      ),
    )
  return {
    read: using('read', async (entry) => O.fromNullable(await entry.getPassword())),
    write: (text) => using('written', (entry) => entry.setPassword(text)),
  }
}
