import { type Command as Commander, Option } from 'commander'
import { providerNames } from '../preset.js'
import { collect, origin, pair, url } from './values.js'

/** One whose values are completed. What is none of them is told by the command, with the nearest. */
const providerOption = (): Option => {
  const option = new Option('--provider <provider>', 'one that is known by its name')
  option.argChoices = [...providerNames]
  return option
}

/** The options that describe a provider. */
export const addProviderOptions = (command: Commander): Commander =>
  command
    .option('--issuer <url>', 'the provider, by its issuer: the rest is in its metadata', url('--issuer'))
    .addOption(providerOption())
    .option(
      '--set <name=value>',
      'what that provider has to know: domain=acme.okta.com; may be given again',
      pair('--set'),
    )
    .option('--client-id <id>', 'the client, as it is registered there')
    .option('--secret-stdin', "the client's secret comes by standard input (or by TESSERA_CLIENT_SECRET, at each run)")
    .addOption(
      new Option('--authentication <method>', 'how the secret is sent, where the provider does not say').choices([
        'basic',
        'post',
      ]),
    )
    .option('--scope <scope>', 'what to ask for; may be given again', collect)
    .option(
      '--parameter <name=value>',
      'one more parameter of the request: audience=…; may be given again',
      pair('--parameter'),
    )
    .option('--origin <origin>', 'where "tessera curl" may take the token; may be given again', origin('--origin'))
    .option(
      '--allow-http <origin>',
      'an http origin of a network of your own: http://keycloak:8080; may be given again',
      origin('--allow-http'),
    )
    .option('--token-endpoint <url>', 'of a provider without metadata', url('--token-endpoint'))
    .option('--authorization-endpoint <url>', 'of one', url('--authorization-endpoint'))
    .option('--device-authorization-endpoint <url>', 'of one', url('--device-authorization-endpoint'))
    .option('--revocation-endpoint <url>', 'of one', url('--revocation-endpoint'))
