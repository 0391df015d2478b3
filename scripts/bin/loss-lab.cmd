@echo off
rem Runs the Loss Lab command line on the Node that the editor brings (LOSSLAB_NODE), else on the one of the PATH.
if defined LOSSLAB_NODE (
  set ELECTRON_RUN_AS_NODE=1
  "%LOSSLAB_NODE%" "%~dp0..\cli.cjs" %*
) else (
  node "%~dp0..\cli.cjs" %*
)
