--- `:TandemReview`: reviews of a change. Findings are diagnostics, what can be done about them is in the code actions.
local M = {}

local ask = require('tandem.ask')

---@type table<string, string> What ends or brings back findings, and the request that does it.
local OTHERS = { clear = 'tandem/clearReview', restore = 'tandem/restoreFindings', stop = 'tandem/stopReview' }
---@type table<string, boolean> What can be reviewed, and whether a revision belongs to it.
local SCOPES = { branch = true, commit = true, range = true, staged = false, uncommitted = false, unstaged = false }
local GIT_MS = 1000 -- For a list of names; none are offered by a git that takes longer.

--- The names of branches and tags of the repository around the buffer.
---@return string[]
local function revisions()
  local folder = vim.fs.root(0, '.git') or vim.fn.getcwd()
  local refs = { 'git', 'for-each-ref', '--format=%(refname:short)', 'refs/heads', 'refs/remotes', 'refs/tags' }
  local called, git = pcall(vim.system, refs, { cwd = folder, text = true })
  local done = called and git:wait(GIT_MS)
  return done and done.code == 0 and vim.split(done.stdout, '\n', { trimempty = true }) or {}
end

--- `:TandemReview`: review what is not committed, or what the words say; stop, clear, restore.
---@param command vim.api.keyset.create_user_command.command_args
function M.review(command)
  local client = ask.server()
  if not client then
    return
  end
  local scope, revision = command.args:match('^(%S*)%s*(.-)%s*$')
  if OTHERS[scope] then
    ask.request(client, OTHERS[scope], vim.empty_dict())
  else -- What cannot be reviewed is for the server to say.
    ask.request(client, 'tandem/reviewDiff', { scope = scope, revision = revision })
  end
end

--- What may follow `:TandemReview`, and where a revision does, the names of branches and tags.
---@param typed string
---@param line string
---@return string[]
function M.complete(typed, line)
  local words = vim.split(line, '%s+', { trimempty = true })
  local before = #words - (typed == '' and 0 or 1) -- The command itself is one.
  local found = {} ---@type string[]
  if before == 1 then
    found = vim.list_extend(vim.tbl_keys(SCOPES), vim.tbl_keys(OTHERS))
    table.sort(found)
  elseif before == 2 and SCOPES[words[2]] then
    local start = typed:match('^.*%.%.%.?') or '' -- The second name of a range.
    found = vim.tbl_map(function(name)
      return start .. name
    end, revisions())
  end
  return vim.tbl_filter(function(name)
    return vim.startswith(name, typed)
  end, found)
end

return M
