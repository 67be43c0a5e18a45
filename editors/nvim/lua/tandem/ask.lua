--- Requests of Tandem's own: whom to ask, and a word when it fails. What comes of it the server shows itself.
local M = {}

local NAME = 'tandem'

---@param text string
function M.warn(text)
  vim.notify('Tandem: ' .. text, vim.log.levels.WARN)
end

--- Whom to ask: this buffer's server, or the only one, since a text that the server shows has none.
---@return vim.lsp.Client?
function M.server()
  local all = vim.lsp.get_clients({ name = NAME })
  local client = vim.lsp.get_clients({ name = NAME, bufnr = 0 })[1] or (#all == 1 and all[1] or nil)
  if not client then
    M.warn('the server is not attached to this buffer')
  end
  return client
end

---@param client vim.lsp.Client
---@param method string
---@param params table
function M.request(client, method, params)
  client:request(method, params, function(problem)
    if problem then
      M.warn(problem.message)
    end
  end, 0)
end

return M
