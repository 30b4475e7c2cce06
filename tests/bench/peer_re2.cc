// RE2::Set on the work of `vigie match`: which lines hold a keyword. Two arguments: the keywords,
// one a line, and the file. Says how many lines do.
#include <re2/re2.h>
#include <re2/set.h>

#include <cstdio>
#include <fstream>
#include <string>

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	RE2::Options options;
	options.set_case_sensitive(false);
	options.set_log_errors(false);
	options.set_max_mem(int64_t(1) << 30);
	RE2::Set set(options, RE2::UNANCHORED);
	std::string line;
	for (std::ifstream words(argv[1]); std::getline(words, line);) {
		if (!line.empty() && set.Add("\\b" + RE2::QuoteMeta(line) + "\\b", nullptr) < 0)
			return 2;
	}
	if (!set.Compile())
		return 2;
	unsigned long lines = 0;
	for (std::ifstream file(argv[2]); std::getline(file, line);) {
		RE2::Set::ErrorInfo error{};
		lines += set.Match(line, nullptr, &error);
		if (error.kind == RE2::Set::kOutOfMemory)
			return 3;
	}
	std::printf("%lu\n", lines);
	return 0;
}
