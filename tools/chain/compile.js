// Prints the bytecode of token.sol: `node compile.js FOLDER`, where FOLDER has solc in node_modules.
const fs = require('fs');
const path = require('path');
const solc = require(path.join(path.resolve(process.argv[2]), 'node_modules', 'solc'));

const source = fs.readFileSync(path.join(__dirname, 'token.sol'), 'utf8');
const output = JSON.parse(solc.compile(JSON.stringify({
  language: 'Solidity',
  sources: { 'token.sol': { content: source } },
  settings: {
    evmVersion: 'shanghai',
    optimizer: { enabled: true },
    outputSelection: { '*': { '*': ['evm.bytecode.object'] } },
  },
})));
const mistakes = (output.errors || []).filter((error) => error.severity === 'error');
if (mistakes.length > 0) {
  console.error(mistakes.map((error) => error.formattedMessage).join('\n'));
  process.exit(1);
}
process.stdout.write('0x' + output.contracts['token.sol'].Token.evm.bytecode.object);
