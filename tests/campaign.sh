#!/bin/sh
# The long campaigns: matcher, scan and oracle on every post of the data with all keyword lists, and
# on a million random posts with six random rules each. Takes an hour or less of one core.
#
#     tests/campaign.sh BUILD-FOLDER
set -eu
build=$(cd "${1:?which build folder?}" && pwd)
cd "$(dirname "$0")/rules"
: "${VIGIE_DATA:?where are the data?}"
export VIGIE_DATA
VIGIE_CAMPAIGN=1 "$build/tests/rules/test_rules_campaign"
VIGIE_ROUNDS=20000 "$build/tests/rules/test_rules_match"
