/**
 * What a source under test is made of.
 *
 * @packageDocumentation
 */
import type {
  ClockEnv,
  Key,
  Prompt,
  RandomEnv,
  Revoker,
  SourceEvent,
  Strategy,
  TokenSource,
  TokenStore,
} from '@tessera/core'
import type { Transport } from './transport.js'

/** The environment of a source under test: all of it is the test's own. */
export interface PartsEnv extends ClockEnv, RandomEnv {
  /** The modelled server, behind any token endpoint and any revocation endpoint. */
  readonly http: Transport
  /** Nobody is there. */
  readonly prompt: Prompt
}

/**
 * The parts of one source, in one process. A pipeline that sends by itself, as the grants of `@tessera/oauth2` do, leaves out
 * `strategy` and `revocation` and takes `env.http`.
 */
export interface Parts {
  /** Asks the modelled server for the next token. */
  readonly strategy: Strategy<unknown>
  /** The place of the session: the same for every process. Layers, as of encryption, belong below it. */
  readonly store: TokenStore
  /** Names the session; a pipeline may have a name of its own. */
  readonly key: Key
  readonly revocation: Revoker<unknown>
  readonly env: PartsEnv
  /** Drawn; a pipeline that has made its own choice ignores it. */
  readonly renewal: 'background' | 'blocking'
  /** Tells the story of a counterexample. */
  readonly observe: (event: SourceEvent) => void
}

/** Opens a source in one process. */
export type MakeSource = (parts: Parts) => TokenSource
