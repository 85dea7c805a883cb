/**
 * An environment without effects: virtual time, seeded randomness, scripted HTTP and a recorded prompt.
 *
 * @packageDocumentation
 */
import type { Random } from '@tessera/core'
import { type RecordedPrompt, recordedPrompt } from './recordedPrompt.js'
import { type TestClock, type TestClockOptions, testClock } from './testClock.js'
import { testRandom } from './testRandom.js'
import { type Exchange, type ScriptedHttp, scriptedHttp } from './transport.js'

/** What a strategy or a source may ask of its environment. */
export interface TestEnvironment {
  readonly clock: TestClock
  readonly random: Random
  readonly http: ScriptedHttp
  readonly prompt: RecordedPrompt
}

/** The parameters of {@link testEnvironment}. */
export interface TestEnvironmentOptions extends TestClockOptions {
  /** Of the randomness. Default: 1. */
  readonly seed?: number
  /** What HTTP requests are answered, in order. Default: nothing, there is no connection. */
  readonly exchanges?: Iterable<Exchange>
  /** What is typed at prompts, in order. Default: nothing, nobody is there. */
  readonly answers?: Iterable<string>
}

/**
 * One for one test.
 *
 * @example
 * import { memoryStore, Secret, Strategy, TokenSet, TokenSource } from '@tessera/core'
 * import { testEnvironment } from '@tessera/testing'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
 *
 * const strategy = Strategy.make({}, () => RTE.right(TokenSet.make(Secret.make('AccessToken', 'abc'))))
 * const env = testEnvironment()
 * const source = pipe(strategy, TokenSource.make({ store: memoryStore() }))(env)()
 * void env.clock.settle(source.get()).then((token) => assert.strictEqual(token._tag, 'Right'))
 */
export const testEnvironment = ({
  seed = 1,
  exchanges = [],
  answers = [],
  ...time
}: TestEnvironmentOptions = {}): TestEnvironment => ({
  clock: testClock(time),
  random: testRandom(seed),
  http: scriptedHttp(exchanges),
  prompt: recordedPrompt(answers),
})
