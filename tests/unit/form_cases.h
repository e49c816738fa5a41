/* Made by form_cases.py with curl 7.88.1: files, and forms with the type and body that curl makes of them. */
/* clang-format off */
static const struct form_file {
    const char *name, *data;
    size_t len;
} form_files[] = {
    {"a.txt",
     "hello\r\n"
     "world\n",
     13},
    {"b.html",
     "<p>\377</p>",
     8},
    {"c.bin",
     "\000\001\002\003\004\005\006\007\010\011\n"
     "\013\014\r\016\017\020\021\022\023\024\025\026\027\030\031\032\033\034\035\036\037 !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEF"
     "GHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\177\200\201\202"
     "\203\204\205\206\207\210\211\212\213\214\215\216\217\220\221\222\223\224\225\226\227\230\231\232\233\234\235\236\237\240\241\242\243\244\245\246\247\250\251\252\253\254\255\256\257\260\261\262\263\264\265\266\267\270\271\272\273\274\275\276"
     "\277\300\301\302\303\304\305\306\307\310\311\312\313\314\315\316\317\320\321\322\323\324\325\326\327\330\331\332\333\334\335\336\337\340\341\342\343\344\345\346\347\350\351\352\353\354\355\356\357\360\361\362\363\364\365\366\367\370\371\372"
     "\373\374\375\376\377\000\001\002\003\004\005\006\007\010\011\n"
     "\013\014\r\016\017\020\021\022\023\024\025\026\027\030\031\032\033\034\035\036\037 !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEF"
     "GHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\177\200\201\202"
     "\203\204\205\206\207\210\211\212\213\214\215\216\217\220\221\222\223\224\225\226\227\230\231\232\233\234\235\236\237\240\241\242\243\244\245\246\247\250\251\252\253\254\255\256\257\260\261\262\263\264\265\266\267\270\271\272\273\274\275\276"
     "\277\300\301\302\303\304\305\306\307\310\311\312\313\314\315\316\317\320\321\322\323\324\325\326\327\330\331\332\333\334\335\336\337\340\341\342\343\344\345\346\347\350\351\352\353\354\355\356\357\360\361\362\363\364\365\366\367\370\371\372"
     "\373\374\375\376\377",
     512},
    {"noext",
     "plain",
     5},
    {"empty.txt",
     "",
     0},
    {"x=y;z,\"q\"\\.GIF",
     "odd",
     3},
    {"spaces",
     "end \r\n"
     "of\011\r\n"
     "lines \n"
     " long = long = long = long = long = long = long = long = lon"
     "g = long = long = long = long = long = long = long = long = "
     "long = long = long = long = long = long = long = long = long"
     " = long = long = long = long = xxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "x\r\n"
     "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
     "yyyyyyyyyyyyyyyy\r\n"
     "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
     "zzzzzzzzzzzzzzz ",
     475},
    {"headers",
     "# two headers\r\n"
     "X-1: one  \r\n"
     "\r\n"
     "X-2: is\r\n"
     " folded\r\n"
     "\011X-3: tab\n",
     57},
};

static const char form_stdin[] =
    "from\000standard\n"
    "input";

static const struct form_case {
    const char *arguments[9];
    const char *body;
    size_t len;
} form_cases[] = {
    {{"name=value"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"name\"\r\n"
     "\r\n"
     "value\r\n"
     "--<1>--\r\n",
     121},
    {{"a=1",
      "b=2",
      "c="},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"\r\n"
     "\r\n"
     "1\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"b\"\r\n"
     "\r\n"
     "2\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"c\"\r\n"
     "\r\n"
     "\r\n"
     "--<1>--\r\n",
     221},
    {{"=no name"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data\r\n"
     "\r\n"
     "no name\r\n"
     "--<1>--\r\n",
     110},
    {{"a= blanks \011",
      "b=\" quoted ; \\\"x\\\" \\\\ \\n\"",
      "c=\"open",
      "d=x\"y\"",
      "e=\"q\" trailing"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"\r\n"
     "\r\n"
     "blanks\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"b\"\r\n"
     "\r\n"
     " quoted ; \"x\" \\ \\n\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"c\"\r\n"
     "\r\n"
     "\"open\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"d\"\r\n"
     "\r\n"
     "x\"y\"\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"e\"\r\n"
     "\r\n"
     "q\r\n"
     "--<1>--\r\n",
     359},
    {{"a=x;type=text/plain",
      "b=x;type=text/plain; charset=utf-8",
      "c=x; type=text/html;filename=f"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"\r\n"
     "Content-Type: text/plain\r\n"
     "\r\n"
     "x\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"b\"\r\n"
     "Content-Type: text/plain; charset=utf-8\r\n"
     "\r\n"
     "x\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"c\"; filename=\"f\"\r\n"
     "Content-Type: text/html\r\n"
     "\r\n"
     "x\r\n"
     "--<1>--\r\n",
     328},
    {{"a=x;type= a/b ; c=d ;  e ;filename= f.png ;encoder=8bit"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"; filename=\"f.png\"\r\n"
     "Content-Type: a/b ; c=d ;  e\r\n"
     "Content-Transfer-Encoding: 8bit\r\n"
     "\r\n"
     "x\r\n"
     "--<1>--\r\n",
     195},
    {{"a=x;type=a/b;type=c/d",
      "a=x;type=a/b;filename=f;type=c/d"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"\r\n"
     "Content-Type: a/b;type=c/d\r\n"
     "\r\n"
     "x\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"; filename=\"f\"\r\n"
     "Content-Type: c/d\r\n"
     "\r\n"
     "x\r\n"
     "--<1>--\r\n",
     229},
    {{"a=x;TYPE=a/b;FileName=n",
      "b=x;unknown;type=a/b",
      "c=x;;"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"; filename=\"n\"\r\n"
     "Content-Type: a/b\r\n"
     "\r\n"
     "x\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"b\"\r\n"
     "Content-Type: a/b\r\n"
     "\r\n"
     "x\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"c\"\r\n"
     "\r\n"
     "x\r\n"
     "--<1>--\r\n",
     274},
    {{"a=x;filename=x.txt",
      "b=x;filename=x.JPEG",
      "c=x;filename=none",
      "d=x;filename=\"a;b\\\"c\\\\\""},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"; filename=\"x.txt\"\r\n"
     "Content-Type: text/plain\r\n"
     "\r\n"
     "x\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"b\"; filename=\"x.JPEG\"\r\n"
     "Content-Type: image/jpeg\r\n"
     "\r\n"
     "x\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"c\"; filename=\"none\"\r\n"
     "\r\n"
     "x\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"d\"; filename=\"a;b%22c\\"
     "\"\r\n"
     "\r\n"
     "x\r\n"
     "--<1>--\r\n",
     403},
    {{"a=x;headers=X-A: 1;headers=\"X-B: ;2\"",
      "b=x;headers=@headers",
      "c=x;headers= <headers "},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"\r\n"
     "X-A: 1\r\n"
     "X-B: ;2\r\n"
     "\r\n"
     "x\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"b\"\r\n"
     "X-1: one\r\n"
     "X-2: is folded\011X-3: tab\r\n"
     "\r\n"
     "x\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"c\"\r\n"
     "<headers\r\n"
     "\r\n"
     "x\r\n"
     "--<1>--\r\n",
     284},
    {{"a=x;headers=Content-Type: t/u;headers=content-disposition: m"
"ine",
      "b=x;headers=Content-Type:t/u;type=v/w"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Type: t/u\r\n"
     "content-disposition: mine\r\n"
     "\r\n"
     "x\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"b\"\r\n"
     "Content-Type: v/w\r\n"
     "\r\n"
     "x\r\n"
     "--<1>--\r\n",
     191},
    {{"a=x;headers=Content-Transfer-Encoding: mine;encoder=base64",
      "b=x;headers=@missing"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"\r\n"
     "Content-Transfer-Encoding: mine\r\n"
     "\r\n"
     "eA==\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"b\"\r\n"
     "\r\n"
     "x\r\n"
     "--<1>--\r\n",
     204},
    {{"a=@a.txt"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"; filename=\"a.txt\"\r\n"
     "Content-Type: text/plain\r\n"
     "\r\n"
     "hello\r\n"
     "world\n"
     "\r\n"
     "--<1>--\r\n",
     170},
    {{"a=@b.html",
      "b=@noext",
      "c=@c.bin",
      "d=@empty.txt"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"; filename=\"b.html\"\r\n"
     "Content-Type: text/html\r\n"
     "\r\n"
     "<p>\377</p>\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"b\"; filename=\"noext\"\r\n"
     "Content-Type: application/octet-stream\r\n"
     "\r\n"
     "plain\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"c\"; filename=\"c.bin\"\r\n"
     "Content-Type: application/octet-stream\r\n"
     "\r\n"
     "\000\001\002\003\004\005\006\007\010\011\n"
     "\013\014\r\016\017\020\021\022\023\024\025\026\027\030\031\032\033\034\035\036\037 !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEF"
     "GHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\177\200\201\202"
     "\203\204\205\206\207\210\211\212\213\214\215\216\217\220\221\222\223\224\225\226\227\230\231\232\233\234\235\236\237\240\241\242\243\244\245\246\247\250\251\252\253\254\255\256\257\260\261\262\263\264\265\266\267\270\271\272\273\274\275\276"
     "\277\300\301\302\303\304\305\306\307\310\311\312\313\314\315\316\317\320\321\322\323\324\325\326\327\330\331\332\333\334\335\336\337\340\341\342\343\344\345\346\347\350\351\352\353\354\355\356\357\360\361\362\363\364\365\366\367\370\371\372"
     "\373\374\375\376\377\000\001\002\003\004\005\006\007\010\011\n"
     "\013\014\r\016\017\020\021\022\023\024\025\026\027\030\031\032\033\034\035\036\037 !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEF"
     "GHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\177\200\201\202"
     "\203\204\205\206\207\210\211\212\213\214\215\216\217\220\221\222\223\224\225\226\227\230\231\232\233\234\235\236\237\240\241\242\243\244\245\246\247\250\251\252\253\254\255\256\257\260\261\262\263\264\265\266\267\270\271\272\273\274\275\276"
     "\277\300\301\302\303\304\305\306\307\310\311\312\313\314\315\316\317\320\321\322\323\324\325\326\327\330\331\332\333\334\335\336\337\340\341\342\343\344\345\346\347\350\351\352\353\354\355\356\357\360\361\362\363\364\365\366\367\370\371\372"
     "\373\374\375\376\377\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"d\"; filename=\"empty.tx"
     "t\"\r\n"
     "Content-Type: text/plain\r\n"
     "\r\n"
     "\r\n"
     "--<1>--\r\n",
     1005},
    {{"a=@./a.txt;filename=other",
      "b=@a.txt;filename=/dir/other.png",
      "c=@a.txt;type=x/y",
      "d=@a.txt;filename=\"\""},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"; filename=\"other\"\r\n"
     "Content-Type: text/plain\r\n"
     "\r\n"
     "hello\r\n"
     "world\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"b\"; filename=\"/dir/oth"
     "er.png\"\r\n"
     "Content-Type: image/png\r\n"
     "\r\n"
     "hello\r\n"
     "world\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"c\"; filename=\"a.txt\"\r\n"
     "Content-Type: x/y\r\n"
     "\r\n"
     "hello\r\n"
     "world\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"d\"; filename=\"\"\r\n"
     "Content-Type: text/plain\r\n"
     "\r\n"
     "hello\r\n"
     "world\n"
     "\r\n"
     "--<1>--\r\n",
     496},
    {{"a=@\"x=y;z,\\\"q\\\"\\\\.GIF\""},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"; filename=\"x=y;z,%2"
     "2q%22\\.GIF\"\r\n"
     "Content-Type: image/gif\r\n"
     "\r\n"
     "odd\r\n"
     "--<1>--\r\n",
     172},
    {{"a=@a.txt,b.html"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"\r\n"
     "Content-Type: multipart/mixed; boundary=<2>\r\n"
     "\r\n"
     "--<2>\r\n"
     "Content-Disposition: attachment; filename=\"a.txt\"\r\n"
     "Content-Type: text/plain\r\n"
     "\r\n"
     "hello\r\n"
     "world\n"
     "\r\n"
     "--<2>\r\n"
     "Content-Disposition: attachment; filename=\"b.html\"\r\n"
     "Content-Type: text/html\r\n"
     "\r\n"
     "<p>\377</p>\r\n"
     "--<2>--\r\n"
     "\r\n"
     "--<1>--\r\n",
     364},
    {{"a=@a.txt;type=x/y;filename=f,noext;encoder=base64,empty.txt;"
"headers=X: y"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"\r\n"
     "Content-Type: multipart/mixed; boundary=<2>\r\n"
     "\r\n"
     "--<2>\r\n"
     "Content-Disposition: attachment; filename=\"f\"\r\n"
     "Content-Type: x/y\r\n"
     "\r\n"
     "hello\r\n"
     "world\n"
     "\r\n"
     "--<2>\r\n"
     "Content-Disposition: attachment; filename=\"noext\"\r\n"
     "Content-Type: application/octet-stream\r\n"
     "Content-Transfer-Encoding: base64\r\n"
     "\r\n"
     "cGxhaW4=\r\n"
     "--<2>\r\n"
     "Content-Disposition: attachment; filename=\"empty.txt\"\r\n"
     "Content-Type: text/plain\r\n"
     "X: y\r\n"
     "\r\n"
     "\r\n"
     "--<2>--\r\n"
     "\r\n"
     "--<1>--\r\n",
     500},
    {{"=@a.txt, \"b.html\""},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data\r\n"
     "Content-Type: multipart/mixed; boundary=<2>\r\n"
     "\r\n"
     "--<2>\r\n"
     "Content-Disposition: attachment; filename=\"a.txt\"\r\n"
     "Content-Type: text/plain\r\n"
     "\r\n"
     "hello\r\n"
     "world\n"
     "\r\n"
     "--<2>\r\n"
     "Content-Disposition: attachment; filename=\"b.html\"\r\n"
     "Content-Type: text/html\r\n"
     "\r\n"
     "<p>\377</p>\r\n"
     "--<2>--\r\n"
     "\r\n"
     "--<1>--\r\n",
     354},
    {{"a=<a.txt",
      "b=<b.html",
      "c=<noext",
      "d=<a.txt;type=text/plain;encoder=base64"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"\r\n"
     "\r\n"
     "hello\r\n"
     "world\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"b\"\r\n"
     "Content-Type: text/html\r\n"
     "\r\n"
     "<p>\377</p>\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"c\"\r\n"
     "\r\n"
     "plain\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"d\"\r\n"
     "Content-Type: text/plain\r\n"
     "Content-Transfer-Encoding: base64\r\n"
     "\r\n"
     "aGVsbG8NCndvcmxkCg==\r\n"
     "--<1>--\r\n",
     404},
    {{"a=<noext;filename=f"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"\r\n"
     "\r\n"
     "plain\r\n"
     "--<1>--\r\n",
     118},
    {{"a=@-"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"; filename=\"-\"\r\n"
     "\r\n"
     "from\000standard\n"
     "input\r\n"
     "--<1>--\r\n",
     146},
    {{"a=<-"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"\r\n"
     "\r\n"
     "from\000standard\n"
     "input\r\n"
     "--<1>--\r\n",
     132},
    {{"a=@-;filename=f.gif"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"; filename=\"f.gif\"\r\n"
     "Content-Type: image/gif\r\n"
     "\r\n"
     "from\000standard\n"
     "input\r\n"
     "--<1>--\r\n",
     175},
    {{"a=@-,a.txt"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"\r\n"
     "Content-Type: multipart/mixed; boundary=<2>\r\n"
     "\r\n"
     "--<2>\r\n"
     "Content-Disposition: attachment; filename=\"-\"\r\n"
     "\r\n"
     "from\000standard\n"
     "input\r\n"
     "--<2>\r\n"
     "Content-Disposition: attachment; filename=\"a.txt\"\r\n"
     "Content-Type: text/plain\r\n"
     "\r\n"
     "hello\r\n"
     "world\n"
     "\r\n"
     "--<2>--\r\n"
     "\r\n"
     "--<1>--\r\n",
     345},
    {{"n\"a\\m\r\n"
"e\344=x;filename=\"f\r\n"
"\\\"\\\\\""},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"n%22a\\m%0D%0Ae\344\"; file"
     "name=\"f%0D%0A%22\\\"\r\n"
     "\r\n"
     "x\r\n"
     "--<1>--\r\n",
     152},
    {{"a=hello;encoder=base64",
      "b=;encoder=base64",
      "c=hell;encoder=BASE64",
      "d=hel;encoder=base64"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"\r\n"
     "Content-Transfer-Encoding: base64\r\n"
     "\r\n"
     "aGVsbG8=\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"b\"\r\n"
     "Content-Transfer-Encoding: base64\r\n"
     "\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"c\"\r\n"
     "Content-Transfer-Encoding: base64\r\n"
     "\r\n"
     "aGVsbA==\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"d\"\r\n"
     "Content-Transfer-Encoding: base64\r\n"
     "\r\n"
     "aGVs\r\n"
     "--<1>--\r\n",
     432},
    {{"a=@c.bin;encoder=base64",
      "b=@empty.txt;encoder=base64"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"; filename=\"c.bin\"\r\n"
     "Content-Type: application/octet-stream\r\n"
     "Content-Transfer-Encoding: base64\r\n"
     "\r\n"
     "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKiss"
     "LS4vMDEyMzQ1Njc4\r\n"
     "OTo7PD0+P0BBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5fYGFiY2Rl"
     "ZmdoaWprbG1ub3Bx\r\n"
     "cnN0dXZ3eHl6e3x9fn+AgYKDhIWGh4iJiouMjY6PkJGSk5SVlpeYmZqbnJ2e"
     "n6ChoqOkpaanqKmq\r\n"
     "q6ytrq+wsbKztLW2t7i5uru8vb6/wMHCw8TFxsfIycrLzM3Oz9DR0tPU1dbX"
     "2Nna29zd3t/g4eLj\r\n"
     "5OXm5+jp6uvs7e7v8PHy8/T19vf4+fr7/P3+/wABAgMEBQYHCAkKCwwNDg8Q"
     "ERITFBUWFxgZGhsc\r\n"
     "HR4fICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj9AQUJDREVGR0hJ"
     "SktMTU5PUFFSU1RV\r\n"
     "VldYWVpbXF1eX2BhYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ent8fX5/gIGC"
     "g4SFhoeIiYqLjI2O\r\n"
     "j5CRkpOUlZaXmJmam5ydnp+goaKjpKWmp6ipqqusra6vsLGys7S1tre4ubq7"
     "vL2+v8DBwsPExcbH\r\n"
     "yMnKy8zNzs/Q0dLT1NXW19jZ2tvc3d7f4OHi4+Tl5ufo6err7O3u7/Dx8vP0"
     "9fb3+Pn6+/z9/v8=\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"b\"; filename=\"empty.tx"
     "t\"\r\n"
     "Content-Type: text/plain\r\n"
     "Content-Transfer-Encoding: base64\r\n"
     "\r\n"
     "\r\n"
     "--<1>--\r\n",
     1042},
    {{"a=@spaces;encoder=base64"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"; filename=\"spaces\"\r\n"
     "Content-Type: application/octet-stream\r\n"
     "Content-Transfer-Encoding: base64\r\n"
     "\r\n"
     "ZW5kIA0Kb2YJDQpsaW5lcyAKIGxvbmcgPSBsb25nID0gbG9uZyA9IGxvbmcg"
     "PSBsb25nID0gbG9u\r\n"
     "ZyA9IGxvbmcgPSBsb25nID0gbG9uZyA9IGxvbmcgPSBsb25nID0gbG9uZyA9"
     "IGxvbmcgPSBsb25n\r\n"
     "ID0gbG9uZyA9IGxvbmcgPSBsb25nID0gbG9uZyA9IGxvbmcgPSBsb25nID0g"
     "bG9uZyA9IGxvbmcg\r\n"
     "PSBsb25nID0gbG9uZyA9IGxvbmcgPSBsb25nID0gbG9uZyA9IGxvbmcgPSBs"
     "b25nID0gbG9uZyA9\r\n"
     "IHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4"
     "eHh4eHh4eHh4eHh4\r\n"
     "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eA0KeXl5eXl5eXl5"
     "eXl5eXl5eXl5eXl5\r\n"
     "eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5"
     "eXl5eXl5eXl5eQ0K\r\n"
     "enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6"
     "enp6enp6enp6enp6\r\n"
     "enp6enp6enp6enp6enp6enp6IA==\r\n"
     "--<1>--\r\n",
     859},
    {{"a=@spaces;encoder=quoted-printable"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"; filename=\"spaces\"\r\n"
     "Content-Type: application/octet-stream\r\n"
     "Content-Transfer-Encoding: quoted-printable\r\n"
     "\r\n"
     "end=20\r\n"
     "of=09\r\n"
     "lines =0A long =3D long =3D long =3D long =3D long =3D long "
     "=3D long =3D lo=\r\n"
     "ng =3D long =3D long =3D long =3D long =3D long =3D long =3D"
     " long =3D long =\r\n"
     "=3D long =3D long =3D long =3D long =3D long =3D long =3D lo"
     "ng =3D long =3D=\r\n"
     " long =3D long =3D long =3D long =3D long =3D long =3D xxxxx"
     "xxxxxxxxxxxxxxx=\r\n"
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxx\r\n"
     "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
     "yyyyyyyyyyyyyyyy\r\n"
     "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
     "zzzzzzzzzzzzzzz=\r\n"
     "=20\r\n"
     "--<1>--\r\n",
     775},
    {{"a=@c.bin;encoder=quoted-printable",
      "b=@empty.txt;encoder=quoted-printable"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"; filename=\"c.bin\"\r\n"
     "Content-Type: application/octet-stream\r\n"
     "Content-Transfer-Encoding: quoted-printable\r\n"
     "\r\n"
     "=00=01=02=03=04=05=06=07=08\011=0A=0B=0C=0D=0E=0F=10=11=12=13=1"
     "4=15=16=17=18=\r\n"
     "=19=1A=1B=1C=1D=1E=1F !\"#$%&'()*+,-./0123456789:;<=3D>?@ABCD"
     "EFGHIJKLMNOPQRS=\r\n"
     "TUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~=7F=80=81=82=83=8"
     "4=85=86=87=88=\r\n"
     "=89=8A=8B=8C=8D=8E=8F=90=91=92=93=94=95=96=97=98=99=9A=9B=9C"
     "=9D=9E=9F=A0=A1=\r\n"
     "=A2=A3=A4=A5=A6=A7=A8=A9=AA=AB=AC=AD=AE=AF=B0=B1=B2=B3=B4=B5"
     "=B6=B7=B8=B9=BA=\r\n"
     "=BB=BC=BD=BE=BF=C0=C1=C2=C3=C4=C5=C6=C7=C8=C9=CA=CB=CC=CD=CE"
     "=CF=D0=D1=D2=D3=\r\n"
     "=D4=D5=D6=D7=D8=D9=DA=DB=DC=DD=DE=DF=E0=E1=E2=E3=E4=E5=E6=E7"
     "=E8=E9=EA=EB=EC=\r\n"
     "=ED=EE=EF=F0=F1=F2=F3=F4=F5=F6=F7=F8=F9=FA=FB=FC=FD=FE=FF=00"
     "=01=02=03=04=05=\r\n"
     "=06=07=08\011=0A=0B=0C=0D=0E=0F=10=11=12=13=14=15=16=17=18=19=1"
     "A=1B=1C=1D=1E=\r\n"
     "=1F !\"#$%&'()*+,-./0123456789:;<=3D>?@ABCDEFGHIJKLMNOPQRSTUV"
     "WXYZ[\\]^_`abcde=\r\n"
     "fghijklmnopqrstuvwxyz{|}~=7F=80=81=82=83=84=85=86=87=88=89=8"
     "A=8B=8C=8D=8E=\r\n"
     "=8F=90=91=92=93=94=95=96=97=98=99=9A=9B=9C=9D=9E=9F=A0=A1=A2"
     "=A3=A4=A5=A6=A7=\r\n"
     "=A8=A9=AA=AB=AC=AD=AE=AF=B0=B1=B2=B3=B4=B5=B6=B7=B8=B9=BA=BB"
     "=BC=BD=BE=BF=C0=\r\n"
     "=C1=C2=C3=C4=C5=C6=C7=C8=C9=CA=CB=CC=CD=CE=CF=D0=D1=D2=D3=D4"
     "=D5=D6=D7=D8=D9=\r\n"
     "=DA=DB=DC=DD=DE=DF=E0=E1=E2=E3=E4=E5=E6=E7=E8=E9=EA=EB=EC=ED"
     "=EE=EF=F0=F1=F2=\r\n"
     "=F3=F4=F5=F6=F7=F8=F9=FA=FB=FC=FD=FE=FF\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"b\"; filename=\"empty.tx"
     "t\"\r\n"
     "Content-Type: text/plain\r\n"
     "Content-Transfer-Encoding: quoted-printable\r\n"
     "\r\n"
     "\r\n"
     "--<1>--\r\n",
     1563},
    {{"a=@a.txt;encoder=7bit",
      "b=@c.bin;encoder=binary",
      "c=@c.bin;encoder=8bit"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"; filename=\"a.txt\"\r\n"
     "Content-Type: text/plain\r\n"
     "Content-Transfer-Encoding: 7bit\r\n"
     "\r\n"
     "hello\r\n"
     "world\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"b\"; filename=\"c.bin\"\r\n"
     "Content-Type: application/octet-stream\r\n"
     "Content-Transfer-Encoding: binary\r\n"
     "\r\n"
     "\000\001\002\003\004\005\006\007\010\011\n"
     "\013\014\r\016\017\020\021\022\023\024\025\026\027\030\031\032\033\034\035\036\037 !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEF"
     "GHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\177\200\201\202"
     "\203\204\205\206\207\210\211\212\213\214\215\216\217\220\221\222\223\224\225\226\227\230\231\232\233\234\235\236\237\240\241\242\243\244\245\246\247\250\251\252\253\254\255\256\257\260\261\262\263\264\265\266\267\270\271\272\273\274\275\276"
     "\277\300\301\302\303\304\305\306\307\310\311\312\313\314\315\316\317\320\321\322\323\324\325\326\327\330\331\332\333\334\335\336\337\340\341\342\343\344\345\346\347\350\351\352\353\354\355\356\357\360\361\362\363\364\365\366\367\370\371\372"
     "\373\374\375\376\377\000\001\002\003\004\005\006\007\010\011\n"
     "\013\014\r\016\017\020\021\022\023\024\025\026\027\030\031\032\033\034\035\036\037 !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEF"
     "GHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\177\200\201\202"
     "\203\204\205\206\207\210\211\212\213\214\215\216\217\220\221\222\223\224\225\226\227\230\231\232\233\234\235\236\237\240\241\242\243\244\245\246\247\250\251\252\253\254\255\256\257\260\261\262\263\264\265\266\267\270\271\272\273\274\275\276"
     "\277\300\301\302\303\304\305\306\307\310\311\312\313\314\315\316\317\320\321\322\323\324\325\326\327\330\331\332\333\334\335\336\337\340\341\342\343\344\345\346\347\350\351\352\353\354\355\356\357\360\361\362\363\364\365\366\367\370\371\372"
     "\373\374\375\376\377\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"c\"; filename=\"c.bin\"\r\n"
     "Content-Type: application/octet-stream\r\n"
     "Content-Transfer-Encoding: 8bit\r\n"
     "\r\n"
     "\000\001\002\003\004\005\006\007\010\011\n"
     "\013\014\r\016\017\020\021\022\023\024\025\026\027\030\031\032\033\034\035\036\037 !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEF"
     "GHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\177\200\201\202"
     "\203\204\205\206\207\210\211\212\213\214\215\216\217\220\221\222\223\224\225\226\227\230\231\232\233\234\235\236\237\240\241\242\243\244\245\246\247\250\251\252\253\254\255\256\257\260\261\262\263\264\265\266\267\270\271\272\273\274\275\276"
     "\277\300\301\302\303\304\305\306\307\310\311\312\313\314\315\316\317\320\321\322\323\324\325\326\327\330\331\332\333\334\335\336\337\340\341\342\343\344\345\346\347\350\351\352\353\354\355\356\357\360\361\362\363\364\365\366\367\370\371\372"
     "\373\374\375\376\377\000\001\002\003\004\005\006\007\010\011\n"
     "\013\014\r\016\017\020\021\022\023\024\025\026\027\030\031\032\033\034\035\036\037 !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEF"
     "GHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\177\200\201\202"
     "\203\204\205\206\207\210\211\212\213\214\215\216\217\220\221\222\223\224\225\226\227\230\231\232\233\234\235\236\237\240\241\242\243\244\245\246\247\250\251\252\253\254\255\256\257\260\261\262\263\264\265\266\267\270\271\272\273\274\275\276"
     "\277\300\301\302\303\304\305\306\307\310\311\312\313\314\315\316\317\320\321\322\323\324\325\326\327\330\331\332\333\334\335\336\337\340\341\342\343\344\345\346\347\350\351\352\353\354\355\356\357\360\361\362\363\364\365\366\367\370\371\372"
     "\373\374\375\376\377\r\n"
     "--<1>--\r\n",
     1517},
    {{"a=caf\351 =\r\n"
"x \011;encoder=quoted-printable",
      "b=mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"
"mmmmmmmmmmmmmmmmmm;encoder=quoted-printable"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"\r\n"
     "Content-Transfer-Encoding: quoted-printable\r\n"
     "\r\n"
     "caf=E9 =3D\r\n"
     "x\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"b\"\r\n"
     "Content-Transfer-Encoding: quoted-printable\r\n"
     "\r\n"
     "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"
     "mmmmmmmmmmmmmmmm\r\n"
     "--<1>--\r\n",
     345},
    {{"a=mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"
"mmmmmmmmmmmmmmmmm ;encoder=quoted-printable",
      "b=\"mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"
"mmmmmmmmmmmmmmmmm= \";encoder=quoted-printable"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"\r\n"
     "Content-Transfer-Encoding: quoted-printable\r\n"
     "\r\n"
     "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"
     "mmmmmmmmmmmmmmm\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"b\"\r\n"
     "Content-Transfer-Encoding: quoted-printable\r\n"
     "\r\n"
     "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"
     "mmmmmmmmmmmmmm=\r\n"
     "=3D=20\r\n"
     "--<1>--\r\n",
     414},
    {{"a=mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm;"
"encoder=base64",
      "b=mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"
";encoder=base64",
      "c=mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"
"mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm;enc"
"oder=base64"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"\r\n"
     "Content-Transfer-Encoding: base64\r\n"
     "\r\n"
     "bW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1t"
     "bW1tbW1tbW1tbW1t\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"b\"\r\n"
     "Content-Transfer-Encoding: base64\r\n"
     "\r\n"
     "bW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1t"
     "bW1tbW1tbW1tbW1t\r\n"
     "bQ==\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"c\"\r\n"
     "Content-Transfer-Encoding: base64\r\n"
     "\r\n"
     "bW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1t"
     "bW1tbW1tbW1tbW1t\r\n"
     "bW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1t"
     "bW1tbW1tbW1tbW1t\r\n"
     "--<1>--\r\n",
     636},
    {{"x=(",
      "a=1",
      "=)",
      "b=2"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"x\"\r\n"
     "Content-Type: multipart/mixed; boundary=<2>\r\n"
     "\r\n"
     "--<2>\r\n"
     "Content-Disposition: attachment; name=\"a\"\r\n"
     "\r\n"
     "1\r\n"
     "--<2>--\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"b\"\r\n"
     "\r\n"
     "2\r\n"
     "--<1>--\r\n",
     276},
    {{"=(;type=multipart/alternative",
      "=text",
      "= <b>;type=text/html",
      "=)",
      "f=@a.txt"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data\r\n"
     "Content-Type: multipart/alternative; boundary=<2>\r\n"
     "\r\n"
     "--<2>\r\n"
     "\r\n"
     "text\r\n"
     "--<2>\r\n"
     "Content-Type: text/html\r\n"
     "\r\n"
     "<b>\r\n"
     "--<2>--\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n"
     "Content-Type: text/plain\r\n"
     "\r\n"
     "hello\r\n"
     "world\n"
     "\r\n"
     "--<1>--\r\n",
     327},
    {{"x=(;type=multipart/form-data;headers=X: y",
      "a=1",
      "b=@a.txt,b.html",
      "=)"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"x\"\r\n"
     "Content-Type: multipart/form-data; boundary=<2>\r\n"
     "X: y\r\n"
     "\r\n"
     "--<2>\r\n"
     "Content-Disposition: form-data; name=\"a\"\r\n"
     "\r\n"
     "1\r\n"
     "--<2>\r\n"
     "Content-Disposition: form-data; name=\"b\"\r\n"
     "Content-Type: multipart/mixed; boundary=<3>\r\n"
     "\r\n"
     "--<3>\r\n"
     "Content-Disposition: attachment; filename=\"a.txt\"\r\n"
     "Content-Type: text/plain\r\n"
     "\r\n"
     "hello\r\n"
     "world\n"
     "\r\n"
     "--<3>\r\n"
     "Content-Disposition: attachment; filename=\"b.html\"\r\n"
     "Content-Type: text/html\r\n"
     "\r\n"
     "<p>\377</p>\r\n"
     "--<3>--\r\n"
     "\r\n"
     "--<2>--\r\n"
     "\r\n"
     "--<1>--\r\n",
     535},
    {{"x=(",
      "y=(",
      "a=1;filename=z",
      "=)",
      "=x"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"x\"\r\n"
     "Content-Type: multipart/mixed; boundary=<2>\r\n"
     "\r\n"
     "--<2>\r\n"
     "Content-Disposition: attachment; name=\"y\"\r\n"
     "Content-Type: multipart/mixed; boundary=<3>\r\n"
     "\r\n"
     "--<3>\r\n"
     "Content-Disposition: attachment; name=\"a\"; filename=\"z\"\r\n"
     "\r\n"
     "1\r\n"
     "--<3>--\r\n"
     "\r\n"
     "--<2>\r\n"
     "\r\n"
     "x\r\n"
     "--<2>--\r\n"
     "\r\n"
     "--<1>--\r\n",
     356},
    {{"x=(;headers=Content-Type: multipart/related; a=b"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"x\"\r\n"
     "Content-Type: multipart/related; boundary=<2>\r\n"
     "\r\n"
     "--<2>--\r\n"
     "\r\n"
     "--<1>--\r\n",
     169},
    {{"x=(",
      "=)",
      "=)extra"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"x\"\r\n"
     "Content-Type: multipart/mixed; boundary=<2>\r\n"
     "\r\n"
     "--<2>--\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data\r\n"
     "\r\n"
     ")extra\r\n"
     "--<1>--\r\n",
     216},
    {{"--form-string",
      "a=@a.txt;type=x/y",
      "--form-string",
      "b= \"q\" ",
      "c=1",
      "--form-string",
      "d=<a"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"\r\n"
     "\r\n"
     "@a.txt;type=x/y\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"b\"\r\n"
     "\r\n"
     " \"q\" \r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"c\"\r\n"
     "\r\n"
     "1\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"d\"\r\n"
     "\r\n"
     "<a\r\n"
     "--<1>--\r\n",
     295},
    {{"--form-string",
      "a=(",
      "--form-string",
      "=)"},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"\r\n"
     "\r\n"
     "(\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data\r\n"
     "\r\n"
     ")\r\n"
     "--<1>--\r\n",
     158},
    {{"--form-escape",
      "n\"a\\m=x;filename=\"f\\\"\\\\\""},
     "Content-Type: multipart/form-data; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"n\\\"a\\\\m\"; filename=\"f\\"
     "\"\\\\\"\r\n"
     "\r\n"
     "x\r\n"
     "--<1>--\r\n",
     138},
    {{"-H",
      "Content-Type: multipart/related; x=y",
      "a=1",
      "b=@a.txt",
      "=2",
      "c=1;filename=n.pdf"},
     "Content-Type: multipart/related; x=y; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: attachment; name=\"a\"\r\n"
     "\r\n"
     "1\r\n"
     "--<1>\r\n"
     "Content-Disposition: attachment; name=\"b\"; filename=\"a.txt\"\r\n"
     "Content-Type: text/plain\r\n"
     "\r\n"
     "hello\r\n"
     "world\n"
     "\r\n"
     "--<1>\r\n"
     "\r\n"
     "2\r\n"
     "--<1>\r\n"
     "Content-Disposition: attachment; name=\"c\"; filename=\"n.pdf\"\r\n"
     "Content-Type: application/pdf\r\n"
     "\r\n"
     "1\r\n"
     "--<1>--\r\n",
     345},
    {{"-H",
      "Content-Type: multipart/form-data; x=y",
      "a=1"},
     "Content-Type: multipart/form-data; x=y; boundary=<1>\r\n"
     "\r\n"
     "--<1>\r\n"
     "Content-Disposition: form-data; name=\"a\"\r\n"
     "\r\n"
     "1\r\n"
     "--<1>--\r\n",
     119},
};
/* clang-format on */
