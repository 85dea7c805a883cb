import { renamed } from '../renamed.js'

test('a member of a namespace is named by the namespace, and a type by its own name', () => {
  const report = [
    'const make: () => Secret_2;',
    'const make_2: () => Token_2;',
    'type Token_2 = Secret_2 | Option_2;',
    'declare namespace TokenModule {',
    '    export {',
    '        make_2 as make,',
    '        Token_2 as Token',
    '    }',
    '}',
    'declare namespace Secret_3 {',
    '    export {',
    '        make,',
    '        Secret_2 as Secret',
    '    }',
    '}',
    'export const Secret: typeof Secret_3;',
  ]
  expect(renamed(report.join('\n')).split('\n')).toEqual([
    'const make: () => Secret;',
    'const Token_make: () => Token;',
    'type Token = Secret | Option_2;',
    'declare namespace TokenModule {',
    '    export {',
    '        Token_make as make,',
    '        Token as Token',
    '    }',
    '}',
    'declare namespace SecretModule {',
    '    export {',
    '        make,',
    '        Secret as Secret',
    '    }',
    '}',
    'export const Secret: typeof SecretModule;',
  ])
})
