--- `:checkhealth tandem`
local M = {}

function M.check()
  vim.health.start('tandem')
  if vim.fn.has('nvim-0.12') == 1 then
    vim.health.ok('Neovim ' .. tostring(vim.version()) .. ' shows ghost text')
  elseif vim.fn.has('nvim-0.11') == 1 then
    vim.health.warn('Neovim ' .. tostring(vim.version()) .. ' has no ghost text: completions are in the menu', {
      'Neovim 0.12 has `vim.lsp.inline_completion`',
    })
  else
    vim.health.error('Neovim 0.11 or newer is needed')
    return
  end
  local program = vim.lsp.config.tandem.cmd[1]
  if vim.fn.executable(program) == 0 then
    vim.health.error(('`%s` is not an executable'):format(program), {
      'pip install tandem-ls',
      'or name it in setup(): cmd = { "/path/to/tandem", "serve" }',
    })
    return
  end
  local version = vim.system({ program, '--version' }, { text = true, timeout = 10000 }):wait()
  if version.code == 0 then
    vim.health.ok(vim.trim(version.stdout))
  else
    vim.health.error(('`%s --version` failed'):format(program), { vim.trim(version.stderr or '') })
  end
  local clients = vim.lsp.get_clients({ name = 'tandem' })
  if #clients == 0 then
    vim.health.info('the server is not running: no file of a configured filetype is open')
  end
  for _, client in ipairs(clients) do
    vim.health.ok(('running for %s'):format(client.root_dir or 'single files'))
  end
  vim.health.info('`tandem doctor` in a terminal checks keys, index and network')
end

return M
