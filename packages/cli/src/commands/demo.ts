import { Secret } from '@tessera/core'
import { nodeEnv } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RA from 'fp-ts/lib/ReadonlyArray.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type Canaries, makeCanaries, pemLines, watched } from '../demo/canaries.js'
import { type Played, play } from '../demo/director.js'
import { liveScenes } from '../demo/liveScenes.js'
import { counted } from '../demo/Scene.js'
import { scenes } from '../demo/scenes/index.js'
import { openWorld } from '../demo/World.js'
import { endSoon } from '../environment.js'
import { ExitCode } from '../exitCode.js'
import type { Command, Invocation } from '../invocation.js'
import { readProfile, situationOf } from '../profile.js'
import { addressOf, clientOf } from '../provider.js'
import { type Problem, problem, toProblem } from '../report.js'
import { acquisitionOf } from '../session.js'
import { openDatabaseUrl, openStoreUrl, passwordIn } from '../storePlace.js'

export type DemoOptions = Record<string, never>

interface Summary {
  readonly played: ReadonlyArray<Played>
  readonly requests: number
  readonly lost: number
  readonly canaries: Canaries
}

/** The end of the tour. What was printed is searched for every secret of the run before the last line is. */
const conclude = (
  { output, self }: Invocation,
  { played, requests, lost, canaries }: Summary,
): E.Either<Problem, void> => {
  const { reportColors: colors } = output
  const failed = played.filter((scene) => scene.failed.length > 0)
  const printed = canaries.foundIn(output.written())
  const good = failed.length === 0 && lost === 0 && printed === 0
  output.line(
    `${good ? colors.green('✓') : colors.red('✗')} ${counted(played.length, 'scene')}, ` +
      `${counted(requests, 'token request')}, ${counted(lost, 'lost session')}, ` +
      `${counted(printed, 'secret')} printed (of ${canaries.size()} looked for)`,
  )
  output.result(undefined, {
    ok: good,
    scenes: played.map(({ title, text, failed: checks }) => ({ title, text, ok: checks.length === 0 })),
    token_requests: requests,
    lost_sessions: lost,
    secrets_printed: printed,
  })
  if (good) return E.right(undefined)
  return E.left(
    problem(
      ExitCode.unexpected,
      failed.length > 0
        ? `${counted(failed.length, 'scene')} of the tour did not end as expected`
        : 'something was lost or leaked',
      `see what was expected above, then: ${self} demo`,
    ),
  )
}

const sandboxDemo =
  (invocation: Invocation): TE.TaskEither<Problem, void> =>
  async () => {
    const { output, self, shared, variables } = invocation
    const store = O.fromNullable(shared.store)
    const redis = pipe(
      store,
      O.filter((place) => place._tag === 'Redis'),
    )
    const database = pipe(
      store,
      O.filter((place) => place._tag === 'Database'),
      O.map(openDatabaseUrl),
    )
    const opening = openWorld({ redis: pipe(redis, O.map(openStoreUrl)), database })
    const world = await output.during('starting a local server', opening)
    const passwords = [
      pipe(
        redis,
        O.flatMap(({ password }) => password),
        O.map(Secret.open),
      ),
      O.fromNullable(variables['TESSERA_REDIS_PASSWORD']),
      O.fromNullable(variables['TESSERA_SQL_PASSWORD']),
      pipe(database, O.flatMap(passwordIn)),
    ]
    world.canaries.remember(...RA.compact(passwords))
    try {
      output.line(`▸ a local Box-compatible server listens on ${output.reportColors.bold(new URL(world.box.url).host)}`)
      const played = await play(scenes, world, output)
      const { requests, lost, canaries } = world
      const ended = conclude(invocation, { played, requests: requests(), lost: lost(), canaries })
      if (E.isRight(ended)) {
        output.say('\ntry next')
        output.say(`  ${self} sandbox                   that server, for you to play with, until Ctrl-C`)
        output.say(`  ${self} token --profile sandbox   a token of it, in another terminal`)
        output.say(`  ${self} login --profile sandbox   a person's login, in the browser`)
        output.say(`  ${self} --help                    everything else`)
      }
      return ended
    } finally {
      await world.close()
    }
  }

const liveDemo = (invocation: Invocation): TE.TaskEither<Problem, void> =>
  pipe(
    readProfile(invocation, 'demo'),
    TE.bindTo('profile'),
    TE.bind('provider', ({ profile: { provider, name } }) =>
      provider._tag === 'Box'
        ? TE.right(provider)
        : TE.left(
            problem(
              ExitCode.configuration,
              `${name} is not of Box, whose API the tour uses`,
              `${invocation.self} demo, the tour over a local server`,
            ),
          ),
    ),
    TE.let('client', ({ profile }) => clientOf(profile.provider)),
    TE.bind('acquisition', ({ client, profile }) =>
      pipe(
        acquisitionOf(client, profile),
        E.mapLeft(toProblem(situationOf(invocation, 'demo', profile.file))),
        TE.fromEither,
      ),
    ),
    TE.filterOrElse(
      ({ profile }) => profile.principal._tag !== 'Login',
      ({ profile }) =>
        problem(
          ExitCode.configuration,
          `${profile.name} has neither a key pair nor an enterprise, so that only a person could log in`,
          `${invocation.self} login, or the tour without --config`,
        ),
    ),
    TE.flatMap(({ profile, provider, client, acquisition }) => async () => {
      const { output } = invocation
      const canaries = makeCanaries()
      const { clientSecret, appAuth } = provider.settings
      canaries.remember(Secret.open(clientSecret))
      if (O.isSome(appAuth)) {
        canaries.remember(...pemLines(Secret.open(appAuth.value.privateKey)))
        if (O.isSome(appAuth.value.passphrase)) canaries.remember(Secret.open(appAuth.value.passphrase.value))
      }
      const live = nodeEnv({ userAgent: 'tessera-demo', proxy: 'environment' })
      const { http, requests } = watched(live.http, canaries, client.server.tokenEndpoint)
      const api = addressOf(provider)
      output.line(`▸ ${profile.name} at ${output.reportColors.bold(new URL(client.server.tokenEndpoint).host)}`)
      const played = await play(liveScenes, { ...acquisition, client, api, env: { ...live, http }, requests }, output)
      await live.close()
      return conclude(invocation, { played, requests: requests(), lost: 0, canaries })
    }),
  )

/** The tour: over a server of its own, or with `--config`, `--profile` or `--base-url` over the one that they name. */
export const demo: Command<DemoOptions> = (invocation) => {
  endSoon()
  const { config, profile, baseUrl } = invocation.shared
  return config === undefined && profile === undefined && baseUrl === undefined
    ? sandboxDemo(invocation)
    : liveDemo(invocation)
}
