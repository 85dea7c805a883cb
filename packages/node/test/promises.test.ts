import { AuthError, memoryStore, remoteCallback, TokenSource } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as IOE from 'fp-ts/lib/IOEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { accessToken, nodeEnv, openSource, run } from '../src/index.js'
import { wrongClocks } from './support/requests.js'
import { scripted } from './support/tokens.js'

describe('promises', () => {
  test('run resolves, or rejects with an Error that carries the typed one', async () => {
    expect(await run(TE.right(1))).toBe(1)
    const error = await run(TE.left(AuthError.closed)).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Error)
    expect(AuthError.isException(error) && error.error).toBe(AuthError.closed)
  })

  test('run gives a Reader its environment, and asks for one by type and by word', async () => {
    interface NameEnv {
      readonly name: string
    }
    const task =
      ({ name }: NameEnv): TE.TaskEither<AuthError, string> =>
      () =>
        Promise.resolve(E.right(name))
    const io =
      ({ name }: NameEnv): IOE.IOEither<AuthError, string> =>
      () =>
        E.right(name)
    expect(await run(task, { name: 'a' })).toBe('a')
    expect(await run(io, { name: 'a' })).toBe('a')
    expect(await run(IOE.right(1))).toBe(1)
    await expect(run(() => TE.left(AuthError.closed), {})).rejects.toMatchObject({ error: AuthError.closed })
    // @ts-expect-error a Reader without its environment
    await expect(run(task)).rejects.toMatchObject({ error: { _tag: 'Misconfigured', field: 'run.env' } })
    // @ts-expect-error the same, of a Reader that does not look at it
    await expect(run(() => TE.right(1))).rejects.toMatchObject({ error: { _tag: 'Misconfigured', field: 'run.env' } })
    // @ts-expect-error a promise is no effect
    await expect(run(Promise.resolve(1))).rejects.toMatchObject({ error: { field: 'run.effect' } })
  })

  test('accessToken opens the token, with or without bounds', async () => {
    expect(await accessToken(scripted())).toBe('t1')
    expect(await accessToken(scripted(), { timeout: 5_000, signal: new AbortController().signal })).toBe('t1')
    await expect(accessToken(scripted(), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      error: { _tag: 'Aborted' },
    })
  })

  test.each(wrongClocks)(
    'the timeout of accessToken is real time, whatever the source’s clock: a %s one',
    async (_, clock) => {
      const opened = (callback: () => Promise<string>) =>
        pipe(remoteCallback(callback), TokenSource.make({ store: memoryStore() }))({ ...nodeEnv(), clock })()
      const { signal } = new AbortController()
      expect(
        await accessToken(
          opened(async () => 't1'),
          { timeout: 20_000 },
        ),
      ).toBe('t1')
      let go = (_: string) => {}
      const waiting = opened(() => new Promise((resolve) => (go = resolve)))
      for (const limits of [{ timeout: 20 }, { timeout: 20, signal }]) {
        await expect(accessToken(waiting, limits)).rejects.toMatchObject({ error: { _tag: 'TimedOut' } })
      }
      const abort = new AbortController()
      const aborted = accessToken(waiting, { timeout: 20_000, signal: abort.signal })
      abort.abort()
      await expect(aborted).rejects.toMatchObject({ error: { _tag: 'Aborted' } })
      go('t1')
      expect(await accessToken(waiting)).toBe('t1')
    },
  )

  test('openSource gives the environment', () => {
    const env = nodeEnv()
    expect(openSource((given) => () => given, env)).toBe(env)
    expect(
      openSource(
        ({ digest }) =>
          () =>
            digest.sha256('').length,
      ),
    ).toBe(32)
  })
})
