import { type Command as Commander, Option } from 'commander'
import type { McpLoginOptions, McpTokenOptions } from '../commands/mcp.js'
import type { Syntax } from './Syntax.js'
import { collect, number, origin, url, WHOLE } from './values.js'

export const mcp: Syntax = (root, run) => {
  const group = root
    .command('mcp')
    .description('sessions with MCP servers, by their URL alone: login, token; --profile tells two logins at one apart')
  const server = (command: Commander): Commander =>
    command
      .argument('<url>', 'of the MCP server: https://mcp.example/mcp', url('the URL'))
      .option(
        '--allow-http <origin>',
        'an http origin of a network of your own; may be given again',
        origin('--allow-http'),
      )
  server(group.command('login'))
    .description('log in as a person, in the browser')
    .option('--device', 'by a code that is typed on another device')
    .option('--no-browser', 'print the address instead of opening it')
    .addOption(
      new Option('--port <number>', 'the port on 127.0.0.1, where the client is registered with one').argParser(
        number(WHOLE, 1, 65_535),
      ),
    )
    .option('--scope <scope>', 'what to ask for besides what the server asks for; may be given again', collect)
    .option('--client-id <id>', 'a client that is registered (its secret: TESSERA_CLIENT_SECRET)')
    .option('--issuer <url>', 'the authorization server where it is: needed where it has a secret', url('--issuer'))
    .option('--client-metadata-url <url>', 'a document about the client, which is its id', url('--client-metadata-url'))
    .addHelpText(
      'after',
      `
Example:
  $ tessera mcp login https://mcp.example/mcp`,
    )
    .action((address: string, options: Partial<McpLoginOptions>) =>
      run(async () => (await import('../commands/mcp.js')).mcpLogin, {
        ...options,
        url: address,
        device: options.device ?? false,
        browser: options.browser ?? true,
      }),
    )
  server(group.command('token'))
    .description('print a token that is valid now')
    .addHelpText(
      'after',
      `
Example:
  $ curl -H "Authorization: Bearer $(tessera mcp token https://mcp.example/mcp)" https://mcp.example/mcp …`,
    )
    .action((address: string, options: Partial<McpTokenOptions>) =>
      run(async () => (await import('../commands/mcp.js')).mcpToken, { ...options, url: address }),
    )
}
